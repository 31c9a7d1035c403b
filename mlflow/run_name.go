package mlflow

import (
	"fmt"
	"math/rand/v2"
)

// Words of the names that runs and logged models get when nobody gives them
// one: "clear-delta-417".
var (
	adjectives = []string{
		"amber", "bold", "brisk", "calm", "clear", "crisp", "deep", "early", "fair", "fine", "fresh", "gentle", "golden", "grand",
		"hushed", "keen", "late", "light", "lively", "mellow", "mild", "nimble", "pale", "plain", "proud", "quick", "quiet", "rapid",
		"rare", "serene", "sharp", "silent", "silver", "smooth", "steady", "still", "strong", "swift", "warm", "wide",
	}
	nouns = []string{
		"arc", "bay", "beacon", "bridge", "brook", "canyon", "cedar", "cliff", "coast", "comet", "coral", "crest", "delta", "dune",
		"falcon", "fern", "field", "fjord", "glade", "gull", "harbour", "heron", "hill", "island", "lagoon", "lark", "maple", "meadow",
		"mesa", "orchard", "otter", "peak", "pine", "reef", "ridge", "river", "shore", "summit", "valley", "wren",
	}
)

func randomName() string {
	return fmt.Sprintf("%s-%s-%d", adjectives[rand.IntN(len(adjectives))], nouns[rand.IntN(len(nouns))], rand.IntN(1000))
}
