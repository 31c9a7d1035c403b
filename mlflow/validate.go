package mlflow

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// MLflow's limits. Texts are counted in characters.
const (
	maxExperimentName  = 500
	maxExperimentTag   = 20_000 // value
	maxKey             = 250    // of metrics, params and tags
	maxLocation        = 2_048  // artifact_location
	maxMetrics         = 1_000  // of one batch
	maxParams          = 100
	maxTags            = 100
	maxEntities        = 1_000 // metrics, params and tags of one batch together
	maxDatasets        = 1_000 // of one call
	maxDatasetName     = 500
	maxDatasetDigest   = 36
	maxDatasetSource   = 65_535
	maxDatasetSchema   = 1_048_575
	maxDatasetProfile  = 16_777_215
	maxInputTagKey     = 255
	maxInputTagValue   = 500
	maxPage            = 50_000 // experiments or runs of one page
	maxRunsOfHistory   = 100    // runs of one bulk history
	maxBulkPoints      = 25_000 // points of one bulk history
	maxIntervalPoints  = 2_500  // steps of one sampled history
	maxExperimentsSeen = 20     // experiments whose data sets are listed at once
)

// atMost checks the length of a text.
func atMost(what string, limit int, s string) error {
	if len(s) > limit && utf8.RuneCountInString(s) > limit {
		return pluvia.Errorf(pluvia.Invalid, "'%s' exceeds the maximum length of %d characters", what, limit)
	}
	return nil
}

// validName checks the name of a metric, param or tag, which stands at place
// in the request.
func validName(place, name string) error {
	plain := true // what nearly all names are, told without a look at Unicode
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			plain = false
			break
		}
	}
	if plain && name != "" {
		return nil
	}
	for _, r := range name {
		if !(unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_/.- :", r)) {
			return invalidValue(place, name, "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
		}
	}
	return validPathName(place, name)
}

// validPathName checks that a name would stay itself as the path of a file.
func validPathName(place, name string) error {
	if norm := path.Clean(name); norm != name || norm == "." || strings.HasPrefix(norm, "..") || strings.HasPrefix(norm, "/") {
		return invalidValue(place, name, "Names may be treated as files in certain cases, and must not resolve to other names"+
			" when treated as such. This name would resolve to '"+clip(norm)+"'")
	}
	return nil
}

// invalidValue is MLflow's sentence for a value that breaks a rule; value is a
// text.
func invalidValue(place, value, rule string) error {
	return pluvia.Errorf(pluvia.Invalid, "Invalid value %s for parameter '%s' supplied: %s", appendText(nil, clip(value)), place, rule)
}

// validMetric checks a metric; prefix is "" or "metrics[3].".
func validMetric(prefix string, m pluvia.Metric) error {
	if err := validName(prefix+"name", m.Key); err != nil {
		return err
	}
	if m.Timestamp < 0 {
		return pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter '%stimestamp' supplied: metric '%s' (value=%s). Timestamp must be a nonnegative long (64-bit integer) ",
			m.Timestamp, prefix, clip(m.Key), appendNumber(nil, m.Value))
	}
	return atMost("Metric name", maxKey, m.Key)
}

// validParam checks a param. The store cuts a value that is too long.
func validParam(prefix string, p pluvia.Param) error {
	if err := validName(prefix+"key", p.Key); err != nil {
		return err
	}
	return atMost("Param key", maxKey, p.Key)
}

// validTag checks a tag of a run. The store cuts a value that is too long.
func validTag(prefix string, t pluvia.Tag) error {
	if err := validName(prefix+"key", t.Key); err != nil {
		return err
	}
	return atMost(prefix+"key", maxKey, t.Key)
}

// validTags checks the tags of a new run or logged model.
func validTags(tags []pluvia.Tag) error {
	for i, t := range tags {
		if err := validTag(fmt.Sprintf("tags[%d].", i), t); err != nil {
			return err
		}
	}
	return nil
}

// validExperimentTag checks a tag of an experiment.
func validExperimentTag(t pluvia.Tag) error {
	if err := validName("key", t.Key); err != nil {
		return err
	}
	if err := atMost("key", maxKey, t.Key); err != nil {
		return err
	}
	return atMost("value", maxExperimentTag, t.Value)
}

// validBatch checks the whole of a batch, its sizes first.
func validBatch(b pluvia.Batch) error {
	for _, size := range []struct {
		of       string
		limit, n int
	}{
		{"metrics", maxMetrics, len(b.Metrics)},
		{"params", maxParams, len(b.Params)},
		{"tags", maxTags, len(b.Tags)},
		{"metrics, params, and tags", maxEntities, len(b.Metrics) + len(b.Params) + len(b.Tags)},
	} {
		if size.n > size.limit {
			return pluvia.Errorf(pluvia.Invalid, "A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests and try again.",
				size.limit, size.of, size.n, size.of, size.of)
		}
	}
	for i, m := range b.Metrics {
		if validMetric("", m) != nil { // the place is spelled out for a fault only
			return validMetric(fmt.Sprintf("metrics[%d].", i), m)
		}
	}
	for i, p := range b.Params {
		if err := validParam(fmt.Sprintf("params[%d].", i), p); err != nil {
			return err
		}
	}
	for i, t := range b.Tags {
		if err := validTag(fmt.Sprintf("tags[%d].", i), t); err != nil {
			return err
		}
	}
	return uniqueParams(b.Params)
}

// uniqueParams checks that no param comes twice.
func uniqueParams(params []pluvia.Param) error {
	seen := make(map[string]bool, len(params))
	var twice []string
	for _, p := range params {
		if seen[p.Key] {
			twice = append(twice, "'"+p.Key+"'")
		}
		seen[p.Key] = true
	}
	if len(twice) == 0 {
		return nil
	}
	return pluvia.Errorf(pluvia.Invalid, "Duplicate parameter keys have been submitted: [%s]. Please ensure the request contains only one param value per param key.",
		strings.Join(twice, ", "))
}

var runIDForm = regexp.MustCompile(`^[a-zA-Z0-9][\p{L}\p{N}_\-]{0,255}$`)

func validRunID(id string) error {
	if !runIDForm.MatchString(id) {
		return pluvia.Errorf(pluvia.Invalid, "Invalid value %s for parameter 'run_id' supplied.", appendText(nil, clip(id)))
	}
	return nil
}

// validInputs checks data sets that a run has read.
func validInputs(inputs []pluvia.Input) error {
	if len(inputs) > maxDatasets {
		return pluvia.Errorf(pluvia.Invalid, "A batch logging request can contain at most %d datasets. Got %d datasets. Please split up datasets across multiple requests and try again.",
			maxDatasets, len(inputs))
	}
	for _, in := range inputs {
		d := in.Dataset
		for _, f := range []struct {
			name  string
			limit int
			value string
		}{
			{"name", maxDatasetName, d.Name}, {"digest", maxDatasetDigest, d.Digest}, {"source", maxDatasetSource, d.Source},
			{"schema", maxDatasetSchema, d.Schema}, {"profile", maxDatasetProfile, d.Profile},
		} {
			if err := atMost(f.name, f.limit, f.value); err != nil {
				return err
			}
		}
		for _, t := range in.Tags {
			if err := atMost("key", maxInputTagKey, t.Key); err != nil {
				return err
			}
			if err := atMost("value", maxInputTagValue, t.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// validLocation checks the artifact_location of a new experiment, which
// clients will append paths to.
func validLocation(location string) error {
	u, err := url.Parse(location)
	switch {
	case err != nil || strings.ContainsAny(location, "\\\x00"):
		return pluvia.Errorf(pluvia.Invalid, "Invalid artifact location: '%s' is no URI.", clip(location))
	case strings.ContainsAny(location, "#;"):
		return pluvia.Errorf(pluvia.Invalid, "'artifact_location' URL can't include fragments or params.")
	case strings.Contains(decoded(u.RawQuery), ".."):
		return pluvia.Errorf(pluvia.Invalid, "Invalid query string: '%s'", clip(u.RawQuery))
	case slices.Contains(strings.Split(decoded(location), "/"), ".."):
		return pluvia.Errorf(pluvia.Invalid, "Invalid path: the artifact location '%s' may not lead upwards ('..').", clip(location))
	case strings.HasPrefix(location, "runs:"):
		return pluvia.Errorf(pluvia.Invalid, "Artifact location cannot be a runs:/ URI. Given: '%s'", clip(location))
	case utf8.RuneCountInString(location) > maxLocation:
		return pluvia.Errorf(pluvia.Invalid, "Invalid artifact path length. The length of the artifact path cannot be greater than %d characters.", maxLocation)
	}
	return nil
}

// decoded takes the percent-encoding off a text as often as it is on, which a
// path that hides ".." may be more than once.
func decoded(s string) string {
	for range 16 {
		next, err := url.PathUnescape(s)
		if err != nil || next == s {
			return s
		}
		s = next
	}
	return s
}

// page checks how many results a call wants.
func page(n int64, limit int) (int, error) {
	if n < 1 {
		return 0, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'max_results' supplied. It must be a positive integer", n)
	}
	if n > int64(limit) {
		return 0, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'max_results' supplied. It must be at most %d", n, limit)
	}
	return int(n), nil
}
