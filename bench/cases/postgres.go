package cases

func postgresCases() []Case {
	const group = "PostgreSQL on the loopback interface"
	return []Case{
		{Name: "PostgresFirst", Group: group, Title: "hit, `First(&p, id)`", contenders: onServer(byKey).contenders(onPostgres)},
		{Name: "PostgresFlat100", Group: group, Title: "hit, `Find`, 100 flat rows", contenders: onServer(people("street", street)).contenders(onPostgres)},
		{Name: "PostgresCount", Group: group, Title: "hit, `Count`", contenders: onServer(counted).contenders(onPostgres)},
		{Name: "PostgresMissFirst", Group: group, Title: "miss, `First`", contenders: miss(missFirst).contenders(onPostgres)},
		{Name: "PostgresUpdate", Group: group, Title: "update of one row by its key, with 2,000 results cached that pin the key",
			contenders: write{fill: oneByKey, full: few, op: update, check: byKey.read}.contenders(onPostgres)},
	}
}

// onServer is the hit without the statement in SQLite's words.
func onServer(h hit) hit {
	h.plain = nil
	return h
}
