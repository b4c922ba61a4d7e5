package text

// EditDistance is the number of characters that must be changed, added, removed, or swapped
// with a neighbour, to turn a into b.
func EditDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before := make([]int, len(to)+1) // the row before the previous one
	last := make([]int, len(to)+1)
	row := make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		row[0] = i + 1
		for j := range to {
			change := last[j]
			if from[i] != to[j] {
				change++
			}
			row[j+1] = min(change, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}
