package project

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/pluvia-ml/pluvia/table"
)

// Bounds of a project file. The two on lines and brackets bound how deep values
// can nest: in blocks a level costs a column at least.
const (
	maxFile     = 1 << 20 // bytes
	maxLine     = 4096    // bytes
	maxBrackets = 64      // open at a time
	maxValues   = 100_000 // after aliases have been followed
)

// decoder turns the nodes of one YAML file into Go values, strictly, and goes
// on after a fault so that all of them are found. A value's key in YAML is the
// name in its field's json tag, so that recipe steps and learners read the same
// in a project file as in the JSON of a model. Texts are texts and numbers are
// numbers: nothing is converted.
type decoder struct {
	file    string
	faults  Faults
	places  map[string]*token.Position // key -> where its value stands
	anchors map[string]ast.Node
	values  int
}

// selfDecoder is a value with a form of its own in the file.
type selfDecoder interface {
	decode(d *decoder, key string, n ast.Node)
}

// parse reads the one document of a YAML file; nil after a fault.
func (d *decoder) parse(data []byte) (root ast.Node) {
	line, start := 1, 0
	for i := 0; i <= len(data); i++ {
		if i < len(data) && data[i] != '\n' {
			continue
		}
		if i-start > maxLine {
			d.faultAt(&token.Position{Line: line, Column: maxLine + 1}, "", "", fmt.Sprintf("a line of at most %d bytes", maxLine), "break it up")
			return nil
		}
		line, start = line+1, i+1
	}
	// The YAML package is asked to refuse bad input, and mostly does; what it
	// panics on is bad input too.
	defer func() {
		if r := recover(); r != nil {
			d.faultAt(&token.Position{Line: 1, Column: 1}, "", "", "a YAML file", fmt.Sprintf("the parser gave up: %v", r))
			root = nil
		}
	}()
	tokens := lexer.Tokenize(string(data))
	open := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open--
		}
		if open > maxBrackets {
			d.faultAt(t.Position, "", "", fmt.Sprintf("at most %d brackets deep", maxBrackets), "")
			return nil
		}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, message := &token.Position{Line: 1, Column: 1}, err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			message = syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				at = t.Position
			}
		}
		d.faultAt(at, "", "", "YAML", cut(message))
		return nil
	}
	docs := file.Docs[:0:0]
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc)
		}
	}
	if len(docs) != 1 {
		d.faultAt(&token.Position{Line: 1, Column: 1}, "", "", "one YAML document", fmt.Sprintf("the file has %d", len(docs)))
		return nil
	}
	ast.Walk(anchorVisitor{d}, docs[0].Body)
	return docs[0].Body
}

type anchorVisitor struct{ d *decoder }

func (v anchorVisitor) Visit(n ast.Node) ast.Visitor {
	if anchor, ok := n.(*ast.AnchorNode); ok && anchor.Name != nil {
		name := anchor.Name.GetToken().Value
		if v.d.anchors[name] != nil {
			v.d.fault("", n, name, "an anchor's name used once", "")
		}
		v.d.anchors[name] = anchor.Value
	}
	return v
}

func (d *decoder) faultAt(at *token.Position, key, value, rule, remedy string) {
	d.add(Fault{d.file, at.Line, at.Column, key, cut(value), rule, remedy})
}

func (d *decoder) add(f Fault) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, f)
	}
}

func (d *decoder) fault(key string, n ast.Node, value, rule, remedy string) {
	d.faultAt(position(n), key, value, rule, remedy)
}

// position is where a node begins. The token of a mapping in block style is
// its first colon, so its first key is asked.
func position(n ast.Node) *token.Position {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return position(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(m.Key)
	}
	if n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
		return n.GetToken().Position
	}
	return &token.Position{Line: 1, Column: 1}
}

// text is a node as a message shows it.
func text(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		return ""
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.StringNode:
		return n.Value
	default:
		if n == nil || n.GetToken() == nil {
			return ""
		}
		return n.GetToken().Value
	}
}

// resolve follows anchors and aliases to the value itself. It returns nil
// after a fault. Types are of finite depth, so an anchor that holds itself
// ends in a fault; what aliases multiply is counted.
func (d *decoder) resolve(key string, n ast.Node) ast.Node {
	for n != nil {
		if d.values++; d.values >= maxValues {
			if d.values == maxValues {
				d.fault(key, n, "", fmt.Sprintf("one of at most %d values", maxValues), "aliases count each time")
			}
			return nil
		}
		switch m := n.(type) {
		case *ast.AnchorNode:
			n = m.Value
		case *ast.AliasNode:
			name := m.Value.GetToken().Value
			target := d.anchors[name]
			if target == nil {
				d.fault(key, n, name, "the name of an anchor elsewhere in the file", "write the anchor as &"+name+" before the value")
			}
			n = target
		case *ast.TagNode:
			d.fault(key, n, m.GetToken().Value, "a value without a YAML tag", "leave the tag out")
			return nil
		default:
			return n
		}
	}
	return nil
}

// decode reads node n into v, which must be settable.
func (d *decoder) decode(key string, n ast.Node, v reflect.Value) {
	if n == nil {
		return
	}
	d.places[key] = position(n)
	if n = d.resolve(key, n); n == nil {
		return
	}
	if self, ok := v.Addr().Interface().(selfDecoder); ok {
		self.decode(d, key, n)
		return
	}
	switch v.Type() {
	case reflect.TypeFor[table.Day]():
		if day, err := table.ParseDay(text(n)); isText(n) && err == nil {
			v.Set(reflect.ValueOf(day))
		} else {
			d.fault(key, n, text(n), "a date of the calendar, written YYYY-MM-DD", "")
		}
		return
	}
	if _, null := n.(*ast.NullNode); null {
		if v.Kind() != reflect.Pointer {
			d.fault(key, n, "null", rule(v.Type()), "write a value, or leave the key out")
		}
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if !isText(n) {
			d.fault(key, n, text(n), "a text", "")
		} else if err := u.UnmarshalText([]byte(text(n))); err != nil {
			d.fault(key, n, text(n), "what is known here", err.Error())
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		d.decode(key, n, target.Elem())
		v.Set(target)
	case reflect.Struct:
		d.decodeStruct(key, n, v)
	case reflect.Map:
		d.decodeMap(key, n, v)
	case reflect.Slice:
		d.decodeSlice(key, n, v)
	default:
		if !setScalar(n, v) {
			remedy := ""
			if v.Kind() == reflect.String && text(n) != "" {
				remedy = fmt.Sprintf("write it in quotes: '%s'", cut(text(n)))
			}
			d.fault(key, n, text(n), rule(v.Type()), remedy)
		}
	}
}

func isText(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return true
	}
	return false
}

// setScalar sets v when the node is of its very type.
func setScalar(n ast.Node, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		if !isText(n) {
			return false
		}
		v.SetString(text(n))
		return true
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if ok {
			v.SetBool(b.Value)
		}
		return ok
	case reflect.Float32, reflect.Float64:
		var f float64
		switch n := n.(type) {
		case *ast.FloatNode:
			f = n.Value
		case *ast.IntegerNode:
			switch i := n.Value.(type) {
			case int64:
				f = float64(i)
			case uint64:
				f = float64(i)
			}
		default:
			return false
		}
		v.SetFloat(f)
		return !math.IsInf(f, 0) && !math.IsNaN(f) && !v.OverflowFloat(f)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			return false
		}
		switch i := i.Value.(type) {
		case int64:
			if !v.OverflowInt(i) {
				v.SetInt(i)
				return true
			}
		case uint64:
			if i <= math.MaxInt64 && !v.OverflowInt(int64(i)) {
				v.SetInt(int64(i))
				return true
			}
		}
		return false
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			return false
		}
		switch i := i.Value.(type) {
		case int64:
			if i >= 0 && !v.OverflowUint(uint64(i)) {
				v.SetUint(uint64(i))
				return true
			}
		case uint64:
			if !v.OverflowUint(i) {
				v.SetUint(i)
				return true
			}
		}
		return false
	}
	return false
}

// rule says what a value of type t must be.
func rule(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a finite number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "an integer"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "an integer, 0 or more"
	case reflect.Slice:
		return "a list"
	case reflect.Pointer:
		return rule(t.Elem())
	default:
		return "a mapping (key: value)"
	}
}

// entry is one key of a mapping with its value.
type entry struct {
	name string
	key  ast.Node
	node ast.Node
}

// entries are the keys of a mapping, each once; ok is false when n is none.
func (d *decoder) entries(key string, n ast.Node) (out []entry, ok bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, false
	}
	seen := make(map[string]int, len(values))
	for _, value := range values {
		name, isText := value.Key.(*ast.StringNode)
		if !isText {
			d.fault(key, value.Key, text(value.Key), "a key that is a text", "write it in quotes; merge keys and complex keys are not taken")
			continue
		}
		if line, twice := seen[name.Value]; twice {
			d.fault(join(key, name.Value), name, name.Value, "a key used once", "it is there already in line "+strconv.Itoa(line))
			continue
		}
		seen[name.Value] = position(name).Line
		out = append(out, entry{name.Value, name, value.Value})
	}
	return out, true
}

func (d *decoder) decodeStruct(key string, n ast.Node, v reflect.Value) {
	entries, ok := d.entries(key, n)
	if !ok {
		d.fault(key, n, text(n), rule(v.Type()), "its keys are "+strings.Join(names(v.Type()), ", "))
		return
	}
	fields := make(map[string]reflect.Value)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name := name(f); name != "" {
			fields[name] = v.FieldByIndex(f.Index)
		}
	}
	for _, e := range entries {
		field, known := fields[e.name]
		if !known {
			rule, remedy := oneOf("a known key", e.name, names(v.Type()))
			d.fault(key, e.key, e.name, rule, remedy)
			continue
		}
		d.decode(join(key, e.name), e.node, field)
	}
}

func (d *decoder) decodeMap(key string, n ast.Node, v reflect.Value) {
	entries, ok := d.entries(key, n)
	if !ok {
		d.fault(key, n, text(n), rule(v.Type()), "")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range entries {
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(join(key, e.name), e.node, value)
		v.SetMapIndex(reflect.ValueOf(e.name).Convert(v.Type().Key()), value)
	}
}

func (d *decoder) decodeSlice(key string, n ast.Node, v reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fault(key, n, text(n), "a list", "")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		d.decode(index(key, i), item, v.Index(i))
	}
}

// name is the key of a struct's field in the file, "" when it has none.
func name(f reflect.StructField) string {
	tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.IsExported() || tag == "-" {
		return ""
	}
	return tag
}

// names are the keys of a struct in the order of its fields.
func names(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name := name(f); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }
