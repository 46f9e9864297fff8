package rotatetest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

// mode is a way in which a move or a rotation goes wrong, and what shows that it does
// not: a case of the suite, which every rotator is asked ("case NAME"); or a test of this
// module by its folder, and the part of it where it has several ("FOLDER TestName/PART").
type mode struct {
	what   string
	proofs []string
}

// modes are the failure modes by number, as docs/rotate.md has them. All of them apply.
var modes = [41]mode{
	1:  {"ended after the provider made it, before the store has it", []string{"case killed", "case between two entries", "rotate/awsiam TestForeignKey"}},
	2:  {"ended after the store has it, before the journal", []string{"case killed", "case between two entries", "cmd/oakum-remediate TestKilledOverStores"}},
	3:  {"ended after the target has it, before it is promoted", []string{"case killed", "case between two entries"}},
	4:  {"ended between two files", []string{". TestKilledApply", ". TestKilledRollback", "cmd/oakum-remediate TestKilledProgram"}},
	5:  {"the journal's disk is full", []string{"case disk full", "journal TestFullDisk", "identity TestDiskFull"}},
	6:  {"two runs at once", []string{"case two at once", ". TestTwoAtOnce", "cmd/oakum-remediate TestTwoHosts"}},
	7:  {"a plan or an order that is older than the world", []string{"case older than the world", ". TestStalePlan", "identity TestMoved"}},
	8:  {"a user has two keys", []string{"rotate/awsiam TestRefusals/two live keys", "rotate/awsiam TestRefusals/a second key that is inactive"}},
	9:  {"a new credential is not valid everywhere at once", []string{"case not valid at once", "identity TestNotYet"}},
	10: {"root's key", []string{"rotate/awsiam TestRefusals/root"}},
	11: {"another account's key", []string{"rotate/awsiam TestRefusals/another account"}},
	12: {"a key that is dead", []string{"case already dead", "rotate/awsiam TestRefusals/deleted"}},
	13: {"a user in quarantine", []string{"case public first", "rotate/awsiam TestRefusals/quarantined"}},
	14: {"several programs use it, and some were told", []string{"case still used", "case nothing in its place"}},
	15: {"the last use is not known, or is our own", []string{"case tried from here only", "rotate/awsiam TestOldKeyIsNotTried"}},
	16: {"somebody uses the old one after all were told", []string{"case still used", "case nothing in its place"}},
	17: {"an outage after it was deactivated", []string{"case rolled back"}},
	18: {"the name in the store is taken", []string{". TestConflictIsOfOneSecret", ". TestConflictWithDeleted", ". TestFieldOfAnotherPlan"}},
	19: {"somebody changes the entry in the middle", []string{"case changed in the middle"}},
	20: {"another rotation is going on", []string{"case a rotation is going on", "store/awssecrets TestRotationInProgress", "rotate/dbuser TestInVault"}},
	21: {"programs may not decrypt what is stored", []string{"access TestCheckFindsOut/other key", "access TestCheckFindsOut/key for all", "access TestPoliciesInOpenBao"}},
	22: {"it works from here, and not where programs run", []string{"case refused where programs run", "case tried from here only", "rotate/consumer/command TestAttempt"}},
	23: {"the answer to GitLab's rotation is lost", []string{"rotate/token TestSelfRotation", "rotate/tokenapi TestGitLabRotatesItselfOnce"}},
	24: {"what was accepted is in force later", []string{"case lost replies", "rotate/tokenapi TestGitHub"}},
	25: {"limits, servers that are down, other clocks", []string{"case lost replies", "case tried from here only", "rotate/rest TestWaitsWhereItIsTold", "identity TestFaults"}},
	26: {"oakum works with the key that is to go", []string{"rotate/awsiam TestRefusals/own key", "identity TestWhoAsks"}},
	27: {"files that must not be touched, or only with care", []string{"rewrite/tree TestRefusals", "rewrite/tree TestLineEndsOfTheWorktree", "rewrite TestSomeRefused"}},
	28: {"a rewritten file means something else", []string{"rewrite TestEveryShape", "rewrite TestResultsParse", "rewrite TestUnfit"}},
	29: {"a value in a log, an argument, a journal", []string{"case no value leaves", "rotate/rest TestErrorsHoldNoValue", "rotate/consumer/command TestRun"}},
	30: {"a trap", []string{"case a trap", "cmd/oakum-remediate TestCanaryIsLeftAlone"}},
	31: {"taken back after it was deactivated", []string{"case rolled back"}},
	32: {"open sessions have the old password; statements are logged", []string{"case still used", "rotate/postgres TestPostgres/sessions end", "rotate/postgres TestPostgres/the statement log"}},
	33: {"MySQL's users have hosts, replicas and second passwords", []string{"rotate/mysql TestMariaDB/there and back", "rotate/mysql TestReplica", "rotate/mysql TestDualTwice"}},
	34: {"a password that a URL or a policy does not take", []string{"rotate/dbuser TestPassword", "rotate TestForms", "rotate/mysql TestOddPassword"}},
	35: {"a managed server's own master user", []string{"rotate/postgres TestPostgres/refusals"}},
	36: {"somebody sets a CI secret between look and write", []string{"rotate/consumer/civar TestGitHubSecretOfSomebodyElse"}},
	37: {"a variable that another one hides", []string{"rotate/consumer/civar TestGitLabGroupIsHidden", "rotate/consumer/civar TestGitHubOrganization"}},
	38: {"a protected branch; what runs from it has the old one", []string{". TestApplyOnBranch", ". TestRollbackAfterMerge", "case still used"}},
	39: {"the old value stands in what is left of before", []string{"case still stands somewhere", "awssource TestRevisions", "rotate/consumer/kubernetes TestAgainstARealAPIServer"}},
	40: {"ended at any step", []string{"case killed", "identity TestKilled", "dynamic TestKilled"}},
}

// TestModes holds the table of failure modes to the cases, the tests and the page: what is
// renamed or gone, or is not in the table, is an error.
func TestModes(t *testing.T) {
	about, all := map[string][]int{}, tests{}
	for _, c := range rotatetest.Cases() {
		about[c.Name] = c.Modes
		for _, n := range c.Modes {
			if !slices.Contains(modes[n].proofs, "case "+c.Name) {
				t.Errorf("the case %q is about FM-%d, whose line does not name it", c.Name, n)
			}
		}
	}
	covered, proofs := 0, 0
	for n, m := range modes[1:] {
		n++
		shown := len(m.proofs) > 0
		for _, p := range m.proofs {
			if name, is := strings.CutPrefix(p, "case "); is && !slices.Contains(about[name], n) || !is && !all.has(t, p) {
				t.Errorf("FM-%d (%s): there is no %q about it", n, m.what, p)
				shown = false
			}
		}
		if shown {
			covered++
		}
		proofs += len(m.proofs)
	}
	t.Logf("failure modes covered: %d of %d, by %d cases and tests; each of them applies", covered, len(modes)-1, proofs)
	if covered != 40 {
		t.Errorf("%d failure modes are covered", covered)
	}
	if told := page(t); len(told) != covered {
		t.Errorf("docs/rotate.md has %d failure modes: %v", len(told), told)
	}
}

// root is this module's folder.
const root = "../.."

// tests are the module's test functions by folder and name, with the texts that stand in
// them, the names of their parts among those.
type tests map[string]map[string][]string

// has tells whether there is a test "FOLDER TestName" or "FOLDER TestName/PART".
func (all tests) has(t *testing.T, what string) bool {
	t.Helper()
	folder, name, _ := strings.Cut(what, " ")
	name, part, parts := strings.Cut(name, "/")
	if all[folder] == nil {
		all[folder] = read(t, folder)
	}
	texts, is := all[folder][name]
	return is && (!parts || slices.Contains(texts, part))
}

func read(t *testing.T, folder string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				found[fn.Name.Name] = texts(fn)
			}
		}
	}
	return found
}

// texts are the string literals of a function.
func texts(fn *ast.FuncDecl) (all []string) {
	all = []string{}
	ast.Inspect(fn, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				all = append(all, s)
			}
		}
		return true
	})
	return all
}

var row = regexp.MustCompile(`(?m)^\| ([0-9]+(?:, [0-9]+)*) \|`)

// page are the failure modes that docs/rotate.md tells of.
func page(t *testing.T) (told []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "../docs/rotate.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range row.FindAllSubmatch(text, -1) {
		told = append(told, strings.Split(string(m[1]), ", ")...)
	}
	slices.Sort(told)
	return slices.Compact(told)
}
