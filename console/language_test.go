package console

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	tongues, err := readTongues(files)
	if err != nil || len(tongues) != 2 {
		t.Fatal(err, len(tongues))
	}
	en, es := tongues[0], tongues[1]
	for _, test := range []struct{ got, want string }{
		{en.Duration(-1), "–"}, {en.Duration(40), "40\u00a0ms"}, {es.Duration(1900), "1,9\u00a0s"}, {en.Duration(59_999), "59\u00a0s"},
		{en.Duration(61_000), "1\u00a0min 1\u00a0s"}, {en.Duration(7_500_000), "2\u00a0h 5\u00a0min"},
		{en.Size(999), "999\u00a0B"}, {es.Size(1_234_567), "1,2\u00a0MB"}, {en.Size(5e9), "5.0\u00a0GB"},
		{en.N("runs.count", 1), "1 run"}, {es.N("runs.count", 12_000), "12\u202f000 ejecuciones, primero la más reciente"},
		{en.Percent(0.777, 1), "77.7%"}, {es.Percent(0.777, 1), "77,7\u00a0%"},
		{en.T("step.brand new"), "brand new"}, {en.Metric("validation.f1"), "F1, validation part"}, {es.Metric("mine"), "mine"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
