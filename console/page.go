package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project"
)

// page is what every page's data embeds: the language, the project, where it
// stands in the site.
type page struct {
	*tongue
	Project *project.Project
	Version string
	Here    string // the entry of the navigation that it belongs to
	Title   string
	Refresh int // seconds after which it asks for itself again; 0 for never
	now     time.Time
	url     *url.URL
	static  *web.Static
}

// page begins the data of a page.
func (c *Console) page(w http.ResponseWriter, r *http.Request, here string) *page {
	t := c.tongue(r)
	if r.URL.Query().Has("lang") {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: t.Code, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true})
	}
	w.Header().Set("Content-Language", t.Code)
	w.Header().Add("Vary", "Accept-Language, Cookie")
	// The address that the link to the other language leads back to.
	back := r.URL
	if r.Method != http.MethodGet {
		back = &url.URL{Path: "/"}
	}
	return &page{tongue: t, Project: c.Project, Version: c.Version, Here: here, now: c.Now(), url: back, static: c.static}
}

// show writes a page.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	var b bytes.Buffer
	if err := c.templates[name].ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	web.WriteHTML(w, r, status, b.Bytes())
	return nil
}

// errorPage shows an error in the frame of the console.
func (c *Console) errorPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	p := c.page(w, r, "")
	key := "error.other"
	if p.Has(fmt.Sprintf("error.%d", status)) {
		key = fmt.Sprintf("error.%d", status)
	}
	p.Title = p.T(key)
	err := c.show(w, r, status, "error.html", struct {
		*page
		Status  int
		Message string
	}{p, status, message})
	if err != nil {
		c.Log.ErrorContext(r.Context(), "error page", "error", err)
		http.Error(w, message, status)
	}
}

// Date writes stored milliseconds.
func (p *page) Date(ms int64) string { return p.date(ms, p.now, false) }

// Stamp writes stored milliseconds in few characters, for lists.
func (p *page) Stamp(ms int64) string { return p.date(ms, p.now, true) }

// ISO writes stored milliseconds for a machine.
func (p *page) ISO(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// In is a text of the project in the page's language.
func (p *page) In(t project.Text) string { return t.In(p.Code) }

// File is the address of a static file.
func (p *page) File(name string) string { return p.static.URL(name) }

// Draw is a chart as part of the page.
func (p *page) Draw(ch chart.Chart) template.HTML {
	return template.HTML(chart.Inline(ch)) // package chart escapes all text
}

// InLanguage is the address of this page in another language.
func (p *page) InLanguage(code string) string {
	query := p.url.Query()
	query.Set("lang", code)
	return p.url.Path + "?" + query.Encode()
}

// caption begins a chart in the page's language.
func (p *page) caption(title, subtitle string) chart.Caption {
	return chart.Caption{Title: title, Subtitle: subtitle, Language: p.Code, Empty: p.T("chart.empty")}
}
