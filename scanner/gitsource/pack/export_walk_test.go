package pack

// Holding makes a walk give up texts as soon as they take more than n bytes.
func (o WalkOptions) Holding(n int64) WalkOptions {
	o.held = n
	return o
}
