package mlflow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// Bounds of deliveries.
const (
	maxDeliveries  = 1_000            // that wait or are under way; more are dropped, and the log says so
	deliverAtOnce  = 8                // connections
	deliveryTries  = 4                // the first one included
	deliveryWait   = 30 * time.Second // for an answer
	maxRetryAfter  = time.Minute
	maxTestAnswer  = 16 << 10 // bytes of an answer that are shown
	maxHeaderBytes = 64 << 10
)

// courier delivers events to webhooks: signed, in the background, each as
// often as it takes up to deliveryTries times. It goes to public addresses
// only, by https, through no proxy, and follows no redirect.
type courier struct {
	client *http.Client
	log    *slog.Logger
	pause  time.Duration // before the second try; it doubles
	inside bool          // addresses that are not public are let pass too

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	mu      sync.Mutex // guards closed and the adding to waiting
	closed  bool
	waiting sync.WaitGroup
	places  chan struct{} // as many as maxDeliveries
	slots   chan struct{} // as many as deliverAtOnce
}

func newCourier(log *slog.Logger) *courier {
	c := &courier{log: log, pause: time.Second, places: make(chan struct{}, maxDeliveries), slots: make(chan struct{}, deliverAtOnce)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	// The address is looked at when the name has been resolved, right before
	// the connection is made: there is no second look-up that could say
	// something else (DNS rebinding).
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !c.reachable(to.Addr()) {
			return fmt.Errorf("%s is not a public address", to.Addr())
		}
		return nil
	}}
	c.client = &http.Client{
		Timeout: deliveryWait,
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, DisableKeepAlives: true,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: deliveryWait, MaxResponseHeaderBytes: maxHeaderBytes,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// close ends what is under way and waits for it.
func (c *courier) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.waiting.Wait()
}

// parcel is one event for one webhook.
type parcel struct {
	to     *pluvia.Webhook
	id     string
	sent   string // seconds since 1970
	body   []byte
	signed string // "" without a secret
}

// pack makes a parcel of an event; data appends the members of its payload.
func pack(to *pluvia.Webhook, e pluvia.WebhookEvent, data func([]byte) []byte) *parcel {
	now := time.Now().UTC()
	b := textField([]byte{'{'}, "entity", strings.ToLower(e.Entity))
	b = textField(b, "action", strings.ToLower(e.Action))
	b = textField(b, "timestamp", now.Format("2006-01-02T15:04:05.000000+00:00"))
	b = append(data(append(key(b, "data"), '{')), '}', '}')
	p := &parcel{to: to, id: uuid(), sent: strconv.FormatInt(now.Unix(), 10), body: b}
	if to.Secret != "" {
		mac := hmac.New(sha256.New, []byte(to.Secret))
		fmt.Fprintf(mac, "%s.%s.%s", p.id, p.sent, b)
		p.signed = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return p
}

func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// post delivers a parcel in the background.
func (c *courier) post(p *parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	select {
	case c.places <- struct{}{}:
	default:
		c.log.Warn("webhook dropped", "webhook", p.to.ID, "reason", fmt.Sprintf("%d deliveries are waiting", maxDeliveries))
		return
	}
	c.waiting.Go(func() {
		defer func() { <-c.places }()
		if err := c.deliver(p); err != nil {
			c.log.Warn("webhook not delivered", "webhook", p.to.ID, "host", hostOf(p.to.URL), "delivery", p.id, "error", withoutURL(err))
		}
	})
}

// deliver tries until the parcel is taken, cannot be, or has been tried often
// enough.
func (c *courier) deliver(p *parcel) error {
	pause := c.pause
	for try := 1; ; try++ {
		status, after, _, err := c.send(c.ctx, p)
		if err == nil && status < 300 {
			return nil
		}
		again := err != nil
		switch status {
		case 429, 500, 502, 503, 504:
			again = true
		}
		if err == nil {
			err = fmt.Errorf("the answer is %d %s", status, http.StatusText(status))
		}
		if !again || try == deliveryTries {
			return fmt.Errorf("after %d tries: %w", try, err)
		}
		select {
		case <-c.ctx.Done():
			return fmt.Errorf("after %d tries: %w", try, c.ctx.Err())
		case <-time.After(max(pause, after)):
		}
		pause *= 2
	}
}

// send makes one request. The answer's body is read up to maxTestAnswer.
func (c *courier) send(ctx context.Context, p *parcel) (status int, after time.Duration, body []byte, err error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return 0, 0, nil, ctx.Err()
	}
	if err := c.checkURL(ctx, p.to.URL); err != nil {
		return 0, 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(p.body))
	if err != nil {
		return 0, 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "pluvia")
	r.Header.Set("X-MLflow-Delivery-Id", p.id)
	r.Header.Set("X-MLflow-Timestamp", p.sent)
	if p.signed != "" {
		r.Header.Set("X-MLflow-Signature", p.signed)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return 0, 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxTestAnswer))
	if err != nil {
		return 0, 0, nil, err
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	return answer.StatusCode, after, body, nil
}

// hostOf is what a log may hold of an address, whose path and query may be
// secrets.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// withoutURL is an error of a request without the address in it.
func withoutURL(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		return inner.Err
	}
	return err
}

// closedRanges are the addresses that are not public besides those that
// netip.Addr has a method for (IANA's special-purpose registries).
var closedRanges = func() []netip.Prefix {
	var all []netip.Prefix
	for text := range strings.FieldsSeq("0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4" +
		" 2001::/23 2001:db8::/32 3fff::/20") {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}()

var (
	global6 = netip.MustParsePrefix("2000::/3")
	sixTo4  = netip.MustParsePrefix("2002::/16")
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
)

// reachable says whether events may be delivered to an address.
func (c *courier) reachable(ip netip.Addr) bool { return c.inside || public(ip) }

// public says whether an address is one of the public internet: the address of
// IPv4 inside one of IPv6 is what counts.
func public(ip netip.Addr) bool {
	ip = ip.WithZone("").Unmap()
	b := ip.As16()
	switch {
	case nat64.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo4.Contains(ip):
		ip = netip.AddrFrom4([4]byte(b[2:6]))
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !global6.Contains(ip) {
		return false
	}
	for _, p := range closedRanges {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
