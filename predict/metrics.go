package predict

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is what the service counts.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	predictions *prometheus.CounterVec
	updates     *prometheus.CounterVec
	champion    *prometheus.GaugeVec
	taken       prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) *metrics {
	if registry == nil {
		registry = prometheus.NewRegistry()
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	m := &metrics{
		registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pluvia_http_requests_total", Help: "Requests answered, by route and status code.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pluvia_http_request_seconds", Help: "Time from the head of a request to the end of its answer.",
			Buckets: []float64{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 1, 5},
		}, []string{"route"}),
		predictions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pluvia_predictions_total", Help: "Observations predicted, by the label given and the version that gave it.",
		}, []string{"model", "version", "label"}),
		updates: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pluvia_model_updates_total", Help: "Calls that asked for the newest champion, by outcome.",
		}, []string{"outcome"}),
		champion: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "pluvia_champion_info", Help: "1 for the model version that serves.",
		}, []string{"model", "version", "run_id", "source"}),
		taken: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pluvia_champion_version", Help: "Number of the model version that serves.",
		}),
	}
	registry.MustRegister(m.requests, m.seconds, m.predictions, m.updates, m.champion, m.taken)
	return m
}

// serve notes that c is to serve, and gives it its counters.
func (m *metrics) serve(c *Champion) {
	version := strconv.Itoa(c.Version)
	c.counts[0] = m.predictions.WithLabelValues(c.Name, version, c.Negative)
	c.counts[1] = m.predictions.WithLabelValues(c.Name, version, c.Positive)
	m.champion.Reset()
	m.champion.WithLabelValues(c.Name, version, c.RunID, c.Source).Set(1)
	m.taken.Set(float64(c.Version))
}

// route is the metrics of one route; codes are looked up once.
type route struct {
	metrics *metrics
	name    string
	seconds prometheus.Observer
	codes   sync.Map // int -> prometheus.Counter
}

func (m *metrics) route(name string) *route {
	return &route{metrics: m, name: name, seconds: m.seconds.WithLabelValues(name)}
}

func (r *route) answered(code int, seconds float64) {
	r.seconds.Observe(seconds)
	counter, ok := r.codes.Load(code)
	if !ok {
		counter, _ = r.codes.LoadOrStore(code, r.metrics.requests.WithLabelValues(r.name, strconv.Itoa(code)))
	}
	counter.(prometheus.Counter).Inc()
}
