package dynamic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// steps are all that the settings ask for, in their order: the old user comes last, and
// after the proof.
func (w *world) steps(s *Survey) []step {
	all := append(w.server.prepare(s), w.engine(), w.configure())
	all = append(all, w.roles(s)...)
	all = append(all, w.readers()...)
	all = append(all, w.proofs(s)...)
	if w.set.RotateRoot {
		all = append(all, w.rotateRoot())
	}
	if w.set.Retire {
		all = append(all, w.server.retire())
	}
	return all
}

// Plan is what would be done, for a person to read.
type Plan struct {
	Settings *Settings
	Survey   *Survey
	Steps    []Told
	Hash     string // what steps that cannot be taken back are approved by
}

// Told is a step of a Plan.
type Told struct {
	Text, Undo, Risk string
	Is               bool // so already
	Final            bool // cannot be taken back
	Conflict         string
}

// Conflicts counts the steps that cannot be done.
func (p *Plan) Conflicts() (n int) {
	for _, s := range p.Steps {
		if s.Conflict != "" {
			n++
		}
	}
	return n
}

// Plan looks at the world and changes nothing.
func (t *Tools) Plan(ctx context.Context, s *Settings) (*Plan, error) {
	w, err := t.enter(ctx, s, false)
	if err != nil {
		return nil, err
	}
	defer w.leave()
	survey, err := w.server.survey(ctx)
	if err != nil {
		return nil, err
	}
	steps := w.steps(survey)
	p := &Plan{Settings: s, Survey: survey, Hash: hash(s, survey, steps)}
	for _, s := range steps {
		told := Told{Text: s.Text, Undo: s.Undo, Risk: s.risk, Final: s.final}
		if !s.late {
			if told.Is, err = s.op.Done(ctx); err != nil {
				told.Conflict = err.Error()
			}
		}
		p.Steps = append(p.Steps, told)
	}
	return p, nil
}

// hash is over all that a person reads in a plan, and the settings.
func hash(s *Settings, survey *Survey, steps []step) string {
	var texts []string
	for _, s := range steps {
		texts = append(texts, s.ID, s.Text)
	}
	text, _ := json.Marshal([]any{s, survey, texts}) // texts, numbers and lists alone
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Apply does what the settings ask for, or goes on with it. approve is the hash of the
// plan that was read, which steps that cannot be taken back ask for.
func (t *Tools) Apply(ctx context.Context, s *Settings, approve string) error {
	w, err := t.enter(ctx, s, true)
	if err != nil {
		return err
	}
	defer w.leave()
	survey, err := w.server.survey(ctx)
	if err != nil {
		return err
	}
	steps := w.steps(survey)
	if err := w.approved(ctx, steps, approve, hash(s, survey, steps)); err != nil {
		return err
	}
	log, err := w.begin("apply")
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := log.Do(ctx, s.Step, s.op); err != nil {
			return fmt.Errorf("%s: %w", s.Text, err)
		}
	}
	return w.end("apply")
}

// approved refuses, before anything is done, what a person has not agreed to.
func (w *world) approved(ctx context.Context, steps []step, approve, hash string) error {
	for _, s := range steps {
		if !s.final || approve == hash {
			continue
		}
		is, err := s.op.Done(ctx)
		if err == nil && is {
			continue
		}
		if approve != "" {
			return fmt.Errorf("the plan is another one than %s: grants or settings have changed; read it again (`oakum remediate dynamic plan`)", approve)
		}
		return fmt.Errorf("%s: this cannot be taken back; read the plan, then say --approve %s", s.Text, hash)
	}
	return nil
}

// Undo takes back what the journal says we made, the last step first.
func (t *Tools) Undo(ctx context.Context, s *Settings) error {
	w, err := t.enter(ctx, s, true)
	if err != nil {
		return err
	}
	defer w.leave()
	survey, err := w.server.survey(ctx)
	if err != nil {
		return err
	}
	// Steps that the settings name no more may have been done under older ones.
	whole := *s
	whole.RotateRoot, whole.Retire = true, true
	w.set = &whole
	log, err := w.begin("undo")
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(w.steps(survey)) {
		if !w.made(s.ID) {
			continue
		}
		w.say("take back: %s", s.Text)
		if err := log.Undo(ctx, s.Step, s.op); err != nil {
			return fmt.Errorf("take back: %s: %w", s.Text, err)
		}
	}
	return errors.Join(w.end("undo"), w.left())
}

// left names what was made by settings that have changed since.
func (w *world) left() error {
	var ids []string
	for _, r := range w.history() {
		if r.Phase == journal.Intent && w.made(r.Step) && !slices.Contains(ids, r.Step) {
			ids = append(ids, r.Step)
		}
	}
	if len(ids) > 0 {
		return fmt.Errorf("made under other settings, and left: %q; put them back into the settings and undo again", ids)
	}
	return nil
}

// History are the records of all runs for a database, the oldest first.
func (t *Tools) History(s *Settings) ([]journal.Record, error) {
	home, id := t.journalOf(s)
	return t.earlier(home.Of(id))
}

func (w *world) begin(name string) (act.Log, error) {
	log := act.Log{Plan: w.set.Database.Name, Journal: w.folder.Journal, Say: w.say}
	return log, w.folder.Journal.Add(journal.Record{Plan: w.set.Database.Name, Phase: journal.Begin, Step: name})
}

func (w *world) end(name string) error {
	return w.folder.Journal.Add(journal.Record{Plan: w.set.Database.Name, Phase: journal.End, Step: name})
}
