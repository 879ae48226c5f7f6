package postgres

import "strings"

// mutation writes a statement that changes a table.
func (g *generator) mutation(table origin) string {
	switch pick(g, "insert", "upsert", "upsert", "update", "update", "update", "delete", "delete", "merge", "truncate", "with") {
	case "insert":
		return "INSERT INTO " + g.insertion(table)
	case "upsert":
		return g.upsert(table)
	case "delete":
		return g.deletion(table)
	case "merge":
		return g.merge(table)
	case "truncate":
		return "TRUNCATE " + pick(g, "t1, t2, t3", "t3", "t2")
	case "with":
		other := pick(g, tables...)
		return "WITH d AS (" + g.deletion(table) + " RETURNING *) " + g.update(other)
	}
	return g.update(table)
}

func (g *generator) deletion(table origin) string {
	sql := "DELETE FROM " + table.name
	own := []origin{table}
	if g.chance(30) {
		from, offered := g.from(nil)
		sql += " USING " + from
		own = append(own, offered...)
	}
	return sql + g.where(own)
}

// where writes a condition, often a simple one that some row meets.
func (g *generator) where(own []origin) string {
	switch {
	case g.chance(10):
		return ""
	case g.chance(50):
		return " WHERE " + g.atom(scopes{own})
	}
	return " WHERE " + g.condition(scopes{own})
}

func (g *generator) update(table origin) string {
	sql := "UPDATE " + table.name
	if g.chance(30) {
		sql += " AS me"
		table.name = "me"
	}
	sql += " SET " + g.assignments(table)
	own := []origin{table}
	if g.chance(30) {
		from, offered := g.from(nil)
		sql += " FROM " + from
		own = append(own, offered...)
	}
	return sql + g.where(own)
}

// merge changes rows by what another table has.
func (g *generator) merge(table origin) string {
	return "MERGE INTO " + table.name + " USING " + pick(g, "t1", "t2", "t3") + " AS src ON " + table.name + ".s = src.s " +
		pick(g, "WHEN MATCHED THEN DELETE", "WHEN MATCHED THEN UPDATE SET s = 'a'", "WHEN NOT MATCHED THEN INSERT (s) VALUES ('b')")
}

func (g *generator) insertion(table origin) string {
	fields := table.fields[g.below(2):]
	var named []string
	for _, f := range fields {
		named = append(named, f.name)
	}
	names := "(" + strings.Join(named, ", ") + ")"
	switch {
	case g.chance(10):
		return table.name + " DEFAULT VALUES"
	case g.chance(15):
		return table.name + names + " SELECT " + strings.Join(named, ", ") + " FROM " + table.name + " WHERE " + g.condition(scopes{{table}})
	case g.chance(10):
		names = ""
		fields = table.fields
	}
	var rows []string
	for range pick(g, 1, 1, 2, 3) {
		var values []string
		for _, f := range fields {
			switch {
			case f.name == "id":
				values = append(values, pick(g, "0", "1", "2", "3", "4", "5", "6"))
			case f.name == "b" && g.chance(50):
				values = append(values, "DEFAULT") // it may be generated
			default:
				values = append(values, g.value(f.of))
			}
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	return table.name + names + " VALUES " + strings.Join(rows, ", ")
}

func (g *generator) upsert(table origin) string {
	target := pick(g, "(id)", "(id)", "(n)", "(at)")
	switch table.name {
	case "t2":
		target = "(id)"
	case "t3":
		target = pick(g, "(x, s)", "(s, x)", "(u)")
	}
	sql := "INSERT INTO " + g.insertion(table)
	if strings.Contains(sql, "DEFAULT VALUES") {
		return sql
	}
	if g.chance(25) {
		return sql + " ON CONFLICT " + pick(g, "", target+" ") + "DO NOTHING"
	}
	sql += " ON CONFLICT " + target + " DO UPDATE SET s = " + pick(g, "excluded.s", "excluded.s || 'b'", table.name+".s || 'b'", "'b'")
	if table.name != "t3" {
		sql += ", a = "
		if g.chance(50) {
			return sql + "excluded.a"
		}
		sql += g.value("int")
	}
	return sql
}

func (g *generator) assignments(table origin) string {
	if g.chance(10) {
		return "(s, at) = (" + g.value("text") + ", " + g.value("time") + ")"
	}
	var set []string
	seen := map[string]bool{}
	for range pick(g, 1, 1, 2) {
		f := pick(g, table.fields...)
		if seen[f.name] {
			continue
		}
		seen[f.name] = true
		value := g.column(scopes{{table}}, f.of)
		if !g.chance(25) {
			value = g.value(f.of)
		}
		set = append(set, f.name+" = "+value)
	}
	return strings.Join(set, ", ")
}
