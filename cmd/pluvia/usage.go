package main

import "runtime/metrics"

// newUsage measures this process by MLflow's names of system metrics: the
// memory that it has of the system now, and the share of the processors it may
// use that it has used since the call before. The runtime counts the latter
// when it collects garbage: without a collection in between there is none.
func newUsage() func() map[string]float64 {
	var total, idle float64
	return func() map[string]float64 {
		samples := []metrics.Sample{
			{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"},
			{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		}
		metrics.Read(samples)
		usage := map[string]float64{
			"system/system_memory_usage_megabytes": float64(samples[2].Value.Uint64()-samples[3].Value.Uint64()) / 1e6,
		}
		now, idleNow := samples[0].Value.Float64(), samples[1].Value.Float64()
		if now > total {
			usage["system/cpu_utilization_percentage"] = 100 * (1 - (idleNow-idle)/(now-total))
		}
		total, idle = now, idleNow
		return usage
	}
}
