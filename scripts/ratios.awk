# Passes the output of go test -bench on and then prints, for each group of
# benchmarks that share all but the last part of their name, the time of each
# as a multiple of the first one's: the baseline is written first.

{ print; fflush() }

/^Benchmark/ {
	for (i = 3; i <= NF; i++)
		if ($i == "ns/op") add($1, $(i - 1))
}

function add(name, ns,    parts, n, group) {
	sub(/-[0-9]+$/, "", name)
	sub(/^Benchmark/, "", name)
	n = split(name, parts, "/")
	if (n < 2) return
	group = substr(name, 1, length(name) - length(parts[n]) - 1)
	if (!(name in count)) {
		if (!(group in base)) base[group] = name
		order[++total] = name
		groupOf[name] = group
	}
	sum[name] += ns
	count[name]++
}

function mean(name) { return sum[name] / count[name] }

END {
	if (total > 0) print "\nrelative to the first of each group:"
	for (i = 1; i <= total; i++) {
		name = order[i]
		first = base[groupOf[name]]
		if (name == first && i > 1) print ""
		printf "%-48s %12.0f ns/op %10.3f x\n", name, mean(name), mean(name) / mean(first)
	}
}
