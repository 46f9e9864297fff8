package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// pageTimeline is a bar chart of when findings came in, in SVG units.
type pageTimeline struct {
	Note          string
	Width, Height int
	Bars          []timelineBar
	dated         int // findings in the bars
}

// timelineBar is a month or a year; its lower part, Open, is what is still there.
type timelineBar struct {
	Label, Title                   string
	Count, Open                    int
	X, Y, W, H, OpenY, OpenH, MidX int
	LabelY, NumY                   int
}

const (
	chartHeight  = 150
	barTop       = 18  // room for the number above the highest bar
	barBottom    = 128 // the labels are below
	barWidth     = 34
	barStep      = 46
	monthsAtOnce = 36 // more are drawn as years
)

// timelineOf counts the findings that are not suppressed by the time of the
// commit that brought them; nil where no finding has one.
func timelineOf(findings []*leak.Finding) *pageTimeline {
	var dated []*leak.Finding
	undated := 0
	for _, f := range findings {
		switch {
		case silenced(f):
		case f.Origin == nil || f.Origin.Date.IsZero():
			undated++
		default:
			dated = append(dated, f)
		}
	}
	if len(dated) == 0 {
		return nil
	}
	bars := barsBy(dated, "2006-01")
	unit := "month"
	if len(bars) > monthsAtOnce {
		bars, unit = barsBy(dated, "2006"), "year"
	}
	t := &pageTimeline{Note: fmt.Sprintf("Findings by the %s of the first commit that has them.", unit), Bars: bars, dated: len(dated), Width: len(bars) * barStep, Height: chartHeight}
	if undated > 0 {
		t.Note += fmt.Sprintf(" %s no commit has, or none is known for, are not in it.", count(int64(undated), "finding")+" that")
	}
	t.draw()
	return t
}

func barsBy(dated []*leak.Finding, layout string) []timelineBar {
	all, open := map[string]int{}, map[string]int{}
	for _, f := range dated {
		label := f.Origin.Date.UTC().Format(layout)
		all[label]++
		if current(f.Sighting) {
			open[label]++
		}
	}
	var bars []timelineBar
	for _, label := range slices.Sorted(maps.Keys(all)) {
		bars = append(bars, timelineBar{Label: label, Count: all[label], Open: open[label],
			Title: fmt.Sprintf("%s: %s, %d still there", label, count(int64(all[label]), "finding"), open[label])})
	}
	return bars
}

// draw gives each bar its place: linear, and at least two units high.
func (t *pageTimeline) draw() {
	most := slices.MaxFunc(t.Bars, func(a, b timelineBar) int { return a.Count - b.Count }).Count
	for i := range t.Bars {
		b := &t.Bars[i]
		b.X, b.W = i*barStep+(barStep-barWidth)/2, barWidth
		b.H = max(2, (barBottom-barTop)*b.Count/most)
		b.Y = barBottom - b.H
		b.OpenH = b.H * b.Open / b.Count
		b.OpenY = barBottom - b.OpenH
		b.MidX, b.NumY, b.LabelY = b.X+barWidth/2, b.Y-4, barBottom+16
	}
}
