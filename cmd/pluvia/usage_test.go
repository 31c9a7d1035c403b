package main

import (
	"runtime"
	"testing"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	usage := newUsage()
	usage()
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = byte(i)
	}
	runtime.GC()
	got := usage()
	runtime.KeepAlive(held)
	if m := got["system/system_memory_usage_megabytes"]; m < 64 || m > 1e6 {
		t.Errorf("%g MB in use, with 67 held", m)
	}
	if cpu, ok := got["system/cpu_utilization_percentage"]; !ok || cpu < 0 || cpu > 100 {
		t.Errorf("%g %% of the processors, %v", cpu, ok)
	}
}
