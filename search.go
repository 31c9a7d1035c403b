package pluvia

// Expr is a condition on entities of one kind: what a filter says once it has
// been parsed. It is one of [And], [Or], [Not] and [Compare]; nil is true of
// everything. Whoever parses a filter has checked it: fields that the kind
// has, operators and values that fit them.
type Expr interface{ expr() }

// And is true when all of its parts are; an empty one is true.
type And []Expr

// Or is true when one of its parts is; an empty one is false.
type Or []Expr

// Not is true when X is not.
type Not struct{ X Expr }

// Compare is one clause. A comparison with a metric, param, tag or data set
// that the entity does not have is false, also with != (MLflow's filters are
// inner joins); only IsNull is true of it.
type Compare struct {
	Field  Field
	Op     Op
	Text   string   // of =, !=, LIKE, ILIKE on texts
	Number float64  // of =, !=, <, <=, >, >= on numbers
	List   []string // of IN, NOT IN; never empty
}

func (And) expr()     {}
func (Or) expr()      {}
func (Not) expr()     {}
func (Compare) expr() {}

// Field is something that entities are chosen or ordered by.
type Field struct {
	Of  Part
	Key string // name of the attribute, metric, param or tag; "name", "digest" or "context" of a data set

	// Dataset narrows a metric of a logged model to those measured on it; nil
	// for any.
	Dataset *DatasetRef
}

// DatasetRef names a data set; an empty Digest stands for any.
type DatasetRef struct{ Name, Digest string }

// Part is the part of an entity that a field belongs to.
type Part int

// The parts.
const (
	Attribute Part = iota // of the entity itself: a text or a number, see the method that searches
	MetricPart
	ParamPart
	TagPart
	DatasetPart
)

// Op is an operator of a filter.
type Op string

// The operators. Like and ILike know % and _; Like minds case, ILike does not,
// on every database alike.
const (
	Equal        Op = "="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Like         Op = "LIKE"
	ILike        Op = "ILIKE"
	In           Op = "IN"
	NotIn        Op = "NOT IN"
	IsNull       Op = "IS NULL"
	IsNotNull    Op = "IS NOT NULL"
)

// Order is one key to order by. What an entity does not have comes last both
// ways; for metrics come numbers, then NaN, then none, both ways.
type Order struct {
	Field      Field
	Descending bool
}

// View says which lifecycle stages a search looks at.
type View int

// The views.
const (
	ActiveOnly View = iota
	DeletedOnly
	AllStages
)

// Search chooses entities, page by page.
type Search struct {
	Experiments []string // ids; for runs and logged models, which need one or more
	Where       Expr
	OrderBy     []Order // a default that the method names is always added, so that the order is total
	View        View
	Limit       int // 1 or more

	// After is the token that the search for the page before has given back,
	// "" for the first page. Tokens name the last row seen, not a count, so that
	// rows that arrive in between neither repeat nor hide others. A token of
	// another search is an [Error] with the code [Invalid].
	After string
}
