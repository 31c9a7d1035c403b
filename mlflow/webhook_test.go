package mlflow

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// got is a delivery as its receiver sees it.
type got struct {
	header http.Header
	body   string
}

// receiver takes deliveries by https.
func receiver(t *testing.T, answer func(n int, w http.ResponseWriter)) (address string, roots *x509.CertPool, all func() []got) {
	t.Helper()
	var mu sync.Mutex
	var seen []got
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, got{r.Header, string(body)})
		n := len(seen)
		mu.Unlock()
		answer(n, w)
	}))
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.URL + "/hook?token=x", roots, func() []got {
		mu.Lock()
		defer mu.Unlock()
		return append([]got(nil), seen...)
	}
}

// insider lets a site deliver to this machine.
func (s *site) insider(roots *x509.CertPool) {
	s.courier.inside = true
	s.courier.pause = time.Millisecond
	transport := s.courier.client.Transport.(*http.Transport)
	transport.TLSClientConfig.RootCAs = roots
}

// await waits until there are n deliveries.
func await(t *testing.T, n int, all func() []got) []got {
	t.Helper()
	for range 500 {
		if seen := all(); len(seen) >= n {
			return seen
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("there are %d deliveries, want %d", len(all()), n)
	return nil
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	address, roots, all := receiver(t, func(int, http.ResponseWriter) {})
	s := newSite(t)
	s.insider(roots)
	s.want(200, `"status":"ACTIVE"`, "POST /api/2.0/mlflow/webhooks", `{"name": "all", "url": "`+address+`", "secret": "s3cret", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}, {"entity": 2, "action": 1},
		{"entity": "MODEL_VERSION_TAG", "action": "SET"}, {"entity": "MODEL_VERSION_TAG", "action": "DELETED"}, {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}, {"entity": "MODEL_VERSION_ALIAS", "action": "DELETED"},
		{"entity": "PROMPT", "action": "CREATED"}, {"entity": "PROMPT_VERSION", "action": "CREATED"}, {"entity": "PROMPT_TAG", "action": "SET"}, {"entity": "PROMPT_ALIAS", "action": "CREATED"}]}`)
	s.want(200, `"DISABLED"`, "POST /api/2.0/mlflow/webhooks", `{"name": "off", "url": "`+address+`", "status": "DISABLED", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}`)
	prompt := `"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "Hello"}]`
	for i, test := range []struct{ line, body, entity, action, data string }{
		{"POST /registered-models/create", `{"name": "m", "tags": [{"key": "k", "value": "v\"w"}]}`, "registered_model", "created", `{"name":"m","tags":{"k":"v\"w"},"description":null}`},
		{"POST /model-versions/create", `{"name": "m", "source": "mlflow-artifacts:/0/x", "description": "d"}`, "model_version", "created", `{"name":"m","version":"1","source":"mlflow-artifacts:/0/x","run_id":null,"tags":{},"description":"d"}`},
		{"POST /model-versions/set-tag", `{"name": "m", "version": "1", "key": "k", "value": "v"}`, "model_version_tag", "set", `{"name":"m","version":"1","key":"k","value":"v"}`},
		{"DELETE /model-versions/delete-tag", `{"name": "m", "version": "1", "key": "k"}`, "model_version_tag", "deleted", `{"name":"m","version":"1","key":"k"}`},
		{"POST /registered-models/alias", `{"name": "m", "alias": "a", "version": "1"}`, "model_version_alias", "created", `{"name":"m","alias":"a","version":"1"}`},
		{"DELETE /registered-models/alias", `{"name": "m", "alias": "a"}`, "model_version_alias", "deleted", `{"name":"m","alias":"a"}`},
		{"POST /registered-models/create", `{"name": "p", ` + prompt + `}`, "prompt", "created", `{"name":"p","tags":{},"description":null}`},
		{"POST /model-versions/create", `{"name": "p", "source": "prompt-template", ` + prompt + `}`, "prompt_version", "created", `{"name":"p","version":"1","template":"Hello","tags":{},"description":null}`},
		{"POST /registered-models/set-tag", `{"name": "p", "key": "k", "value": "v"}`, "prompt_tag", "set", `{"name":"p","key":"k","value":"v"}`},
		{"POST /registered-models/alias", `{"name": "p", "alias": "a", "version": "1"}`, "prompt_alias", "created", `{"name":"p","alias":"a","version":"1"}`},
	} {
		method, path, _ := strings.Cut(test.line, " ")
		s.want(200, "", method+" /api/2.0/mlflow"+path, test.body)
		seen := await(t, i+1, all)
		d := seen[i]
		want := `{"entity":"` + test.entity + `","action":"` + test.action + `","timestamp":"`
		if !strings.HasPrefix(d.body, want) || !strings.HasSuffix(d.body, `,"data":`+test.data+`}`) || len(decode(t, d.body)) != 4 {
			t.Errorf("%s\n got %s\nwant %s...%s", test.line, d.body, want, test.data)
		}
		mac := hmac.New(sha256.New, []byte("s3cret"))
		fmt.Fprintf(mac, "%s.%s.%s", d.header.Get("X-MLflow-Delivery-Id"), d.header.Get("X-MLflow-Timestamp"), d.body)
		if signature := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); d.header.Get("X-MLflow-Signature") != signature || d.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v, want the signature %s", test.line, d.header, signature)
		}
	}
	// What nobody is told of.
	s.want(200, "", "POST /api/2.0/mlflow/registered-models/set-tag", `{"name": "m", "key": "k", "value": "v"}`)
	s.want(200, "", "DELETE /api/2.0/mlflow/model-versions/delete", `{"name": "m", "version": "1"}`)
	s.Close()
	if n := len(all()); n != 10 {
		t.Errorf("there are %d deliveries, want 10", n)
	}
	if text := s.want(200, "", "GET /api/2.0/mlflow/webhooks", ""); strings.Contains(text, "s3cret") {
		t.Error("the secret is shown")
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []int
		want    int // deliveries
	}{
		"taken at once":        {[]int{204}, 1},
		"taken later":          {[]int{500, 503, 200}, 3},
		"never taken":          {[]int{429}, 4},
		"refused":              {[]int{400}, 1},
		"a redirect":           {[]int{302}, 1},
		"a permanent redirect": {[]int{308}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var elsewhere atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
			defer other.Close()
			address, roots, all := receiver(t, func(n int, w http.ResponseWriter) {
				w.Header().Set("Location", other.URL)
				w.WriteHeader(test.answers[min(n, len(test.answers))-1])
			})
			var log strings.Builder
			c := newCourier(slog.New(slog.NewTextHandler(&log, nil)))
			c.inside, c.pause = true, time.Millisecond
			c.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
			p := pack(&pluvia.Webhook{ID: "w", URL: address}, modelCreated.model, example(modelCreated.model))
			err := c.deliver(p)
			if delivered := test.answers[len(test.answers)-1] < 300; delivered != (err == nil) {
				t.Errorf("delivered with %v", err)
			}
			seen := all()
			if len(seen) != test.want || elsewhere.Load() != 0 {
				t.Errorf("%d deliveries and %d elsewhere, want %d and 0", len(seen), elsewhere.Load(), test.want)
			}
			for _, d := range seen {
				if d.header.Get("X-MLflow-Delivery-Id") != p.id || d.header.Get("X-MLflow-Signature") != "" || d.body != string(p.body) {
					t.Errorf("a delivery of its own: %v %s", d.header, d.body)
				}
			}
			c.post(p)
			c.close()
			if strings.Contains(log.String(), "token") {
				t.Errorf("the address is in the log: %s", log.String())
			}
		})
	}
}

// TestInside holds that nothing is delivered to an address that is not public,
// whatever name leads there (CVE-2026-64849 and kin).
func TestInside(t *testing.T) {
	t.Parallel()
	address, roots, all := receiver(t, func(int, http.ResponseWriter) {})
	c := newCourier(slog.New(slog.DiscardHandler))
	defer c.close()
	c.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	p := pack(&pluvia.Webhook{URL: address}, modelCreated.model, example(modelCreated.model))
	if _, _, _, err := c.send(t.Context(), p); pluvia.ErrorCode(err) != pluvia.Invalid {
		t.Errorf("sent with %v", err)
	}
	// As when a name led elsewhere when it was looked at.
	for _, inside := range []string{address, strings.Replace(address, "127.0.0.1", "localhost", 1), strings.Replace(address, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		answer, err := c.client.Post(inside, "application/json", strings.NewReader("{}"))
		if err == nil {
			answer.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "is not a public address") {
			t.Errorf("%s: connected with %v", inside, err)
		}
	}
	if n := len(all()); n != 0 {
		t.Errorf("there are %d deliveries", n)
	}
	if c.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy would be the address that is looked at")
	}

	s := newSite(t)
	s.want(400, "non-public", "POST /api/2.0/mlflow/webhooks", `{"name": "w", "url": "`+address+`", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}`)
	if err := s.store.CreateWebhook(t.Context(), &pluvia.Webhook{Name: "w", URL: address, Events: []pluvia.WebhookEvent{versionCreated.model}}); err != nil {
		t.Fatal(err)
	}
	hooks, err := s.store.Webhooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.want(200, `{"result":{"success":false,"error_message":"Failed to test webhook: Webhook URL must not resolve to a non-public IP address.`, "POST /api/2.0/mlflow/webhooks/"+hooks[0].ID+"/test", "{}")
}

func TestTestWebhook(t *testing.T) {
	t.Parallel()
	address, roots, all := receiver(t, func(n int, w http.ResponseWriter) {
		if n > 1 {
			w.WriteHeader(500)
		}
		io.WriteString(w, strings.Repeat("answer ", 10_000))
	})
	s := newSite(t)
	s.insider(roots)
	made := decode(t, s.want(200, "", "POST /api/2.0/mlflow/webhooks", `{"name": "w", "url": "`+address+`", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]}`))
	id := made["webhook"].(map[string]any)["webhook_id"].(string)
	if text := s.want(200, `{"result":{"success":true,"response_status":200,"response_body":"answer answer`, "POST /api/2.0/mlflow/webhooks/"+id+"/test", "{}"); len(text) > 20_000 {
		t.Errorf("an answer of %d bytes is shown", len(text))
	}
	s.want(200, `{"result":{"success":false,"response_status":500`, "POST /api/2.0/mlflow/webhooks/"+id+"/test", `{"event": {"entity": "PROMPT_TAG", "action": "SET"}}`)
	seen := all()
	if len(seen) != 2 || !strings.Contains(seen[0].body, `"data":{"name":"example_model","version":"1","source":"models:/123"`) || !strings.Contains(seen[1].body, `"data":{"name":"example_model","key":"example_key","value":"example_value"}`) {
		t.Errorf("deliveries are %v", seen)
	}
	s.want(400, "Invalid action 'created' for entity 'prompt_tag'", "POST /api/2.0/mlflow/webhooks/"+id+"/test", `{"event": {"entity": "PROMPT_TAG", "action": "CREATED"}}`)
	s.want(404, "", "POST /api/2.0/mlflow/webhooks/none/test", "{}")
	for body, want := range map[string]string{
		`{"url": "https://93.184.216.34/", "events": [{"entity": "PROMPT", "action": "CREATED"}]}`:                                "Missing value for required parameter 'name'",
		`{"name": "w", "events": [{"entity": "PROMPT", "action": "CREATED"}]}`:                                                    "Missing value for required parameter 'url'",
		`{"name": "w", "url": "https://93.184.216.34/"}`:                                                                          "Missing value for required parameter 'events'",
		`{"name": "w", "url": "https://93.184.216.34/", "events": [{"entity": "RUN", "action": "CREATED"}]}`:                      "must be one of REGISTERED_MODEL",
		`{"name": "w", "url": "https://93.184.216.34/", "events": [{"action": "CREATED"}]}`:                                       "Missing value for required parameter 'events[0].entity'",
		`{"name": "w", "url": "https://93.184.216.34/` + strings.Repeat("x", 3000) + `", "events": [{"entity": 1, "action": 1}]}`: "exceeds the maximum length of 2048",
	} {
		s.want(400, want, "POST /api/2.0/mlflow/webhooks", body)
	}
}

// memory is a log that can be read while it is written.
type memory struct {
	mu   sync.Mutex
	text strings.Builder
}

func (m *memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(p)
}

func (m *memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// TestBound holds that deliveries that wait are bounded, and that Close ends
// them.
func TestBound(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	address, roots, all := receiver(t, func(int, http.ResponseWriter) { <-hold })
	defer close(hold)
	var log memory
	c := newCourier(slog.New(slog.NewTextHandler(&log, nil)))
	c.inside = true
	c.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	for range maxDeliveries {
		c.post(pack(&pluvia.Webhook{URL: address}, modelCreated.model, example(modelCreated.model)))
	}
	if log.String() != "" {
		t.Errorf("the log says %s", log.String())
	}
	await(t, deliverAtOnce, all)
	c.post(pack(&pluvia.Webhook{ID: "late", URL: address}, modelCreated.model, example(modelCreated.model)))
	if text := log.String(); !strings.Contains(text, "webhook dropped") || !strings.Contains(text, "late") {
		t.Errorf("the log says %s", text)
	}
	done := make(chan struct{})
	go func() { c.close(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the courier does not end")
	}
	if n := len(all()); n != deliverAtOnce {
		t.Errorf("%d deliveries at once, want %d", n, deliverAtOnce)
	}
	c.post(pack(&pluvia.Webhook{URL: address}, modelCreated.model, example(modelCreated.model)))
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "100.64.0.1": false, "127.0.0.1": false, "127.255.0.1": false, "169.254.169.254": false, "172.16.0.1": false, "172.32.0.1": true,
		"192.0.0.1": false, "192.0.2.1": false, "192.168.0.1": false, "198.18.0.1": false, "198.51.100.7": false, "203.0.113.9": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fc00::1": false, "fd12::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false, "2001:db8::1": false, "2001::1": false, "100::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2002:c0a8:1::": false, "5f00::1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is public: %v, want %v", text, got, want)
		}
	}
}

func FuzzWebhookURL(f *testing.F) {
	for _, seed := range []string{"https://example.com/x", "https://127.1/", "https://[::1]:443/", "https://user@host/", "http://host", "https://0x7f.1/", "https://2130706433", "https://%31%32%37.0.0.1/", "https://localhost./", "https:///x", "https://1.2.3.4:99999/", "https://①②⑦.0.0.1/"} {
		f.Add(seed)
	}
	c := newCourier(slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, address string) {
		host := hostOf(address)
		if strings.ContainsAny(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") && !strings.Contains(host, "localhost") && !strings.HasPrefix(host, "[") && !strings.HasPrefix(host, "0x") {
			t.Skip("a name would be looked up")
		}
		if err := c.checkURL(t.Context(), address); err == nil {
			if ip, err := netip.ParseAddr(strings.Trim(strings.Split(host, ":")[0], "[]")); err == nil && !public(ip) {
				t.Errorf("%q leads inside", address)
			}
		}
	})
}
