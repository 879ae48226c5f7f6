package mysql

import "testing"

const writes = "mutation, refused: writes "

func TestInserts(t *testing.T) {
	readings{
		"INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, now())": writes + "insert t(a, b) (1, unknown) (2, unknown) chosen",
		"INSERT t SET a = 1, b = 'x'":                          writes + `insert t(a, b) (1, "x") chosen`,
		"INSERT INTO t VALUES (1)":                             writes + "insert t() chosen",
		"INSERT INTO t () VALUES ()":                           writes + "insert t() () chosen",
		"INSERT INTO t (a) SELECT a FROM u":                    writes + "insert t(a) chosen",
		"INSERT IGNORE INTO t (a) VALUES (1)":                  writes + "insert t(a)",
		"INSERT INTO db.t (a) VALUES (1)":                      writes + "insert db.t(a) (1) chosen",
		"REPLACE INTO t (a) VALUES (1)":                        writes + "any t",
		"INSERT INTO t (a) VALUES (f(1))":                      "mutation, refused: writes calls f() insert t(a) (unknown) chosen",
	}.check(t)
}

func TestOnDuplicateKey(t *testing.T) {
	const insert = writes + "insert t(a, b) (1, 2) "
	readings{
		"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = a, b = t.b":      insert,
		"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(b)":       insert + "update t set b = 2 in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(a)":       insert + "update t set b = unknown in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = a":               insert + "update t set b = unknown in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = excluded.b":      insert + "update t set b = unknown in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) AS n ON DUPLICATE KEY UPDATE b = n.b":        insert + "update t set b = 2 in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) AS n (b, a) ON DUPLICATE KEY UPDATE b = n.b": insert + "update t set b = unknown in the way in any key",
		"INSERT INTO t (a, b) VALUES (1, 2) AS n (b, a) ON DUPLICATE KEY UPDATE b = b":   insert + "update t set b = unknown in the way in any key",
		"INSERT INTO t (a) SELECT a FROM u ON DUPLICATE KEY UPDATE a = u.a":              writes + "insert t(a) update t set a = unknown in the way in any key",
	}.check(t)
}

func TestUpdates(t *testing.T) {
	readings{
		"UPDATE t SET a = 1, b = a WHERE c = 2 LIMIT 1":                      writes + "update t set a = 1, b = unknown where c = 2",
		"UPDATE t AS x SET x.a = 1 WHERE x.b = 2":                            writes + "update t set a = 1 where b = 2",
		"UPDATE IGNORE t SET a = 1":                                          writes + "update t set a = unknown",
		"UPDATE t JOIN u ON t.i = u.i SET t.a = 1 WHERE u.b = 2 AND t.c = 3": writes + "update t set a = 1 where c = 3",
		"UPDATE t, u SET t.a = 1, u.b = 2 WHERE t.c = 3":                     writes + "update t set a = 1 where c = 3 update u set b = 2",
		"UPDATE t, u SET a = 1":                                              writes + "any t any u",
		"UPDATE (SELECT 1) q SET a = 1":                                      "opaque, refused: syntax not understood, commits",
	}.check(t)
}

func TestDeletes(t *testing.T) {
	readings{
		"DELETE FROM t WHERE a = 1 ORDER BY b LIMIT 2":           writes + "delete t where a = 1",
		"DELETE FROM t AS x WHERE x.a = 1":                       writes + "delete t where a = 1",
		"DELETE x FROM t AS x JOIN u ON u.i = x.i WHERE x.a = 1": writes + "delete t where a = 1",
		"DELETE t, u FROM t JOIN u ON u.i = t.i WHERE u.a = 1":   writes + "delete t delete u where a = 1",
		"DELETE FROM t.*, u USING t JOIN u WHERE u.a = 1":        writes + "delete t delete u where a = 1",
		"DELETE x FROM t": "opaque, refused: syntax not understood, commits",
	}.check(t)
}

func TestAColumnCanBeShifted(t *testing.T) {
	for sql, shift := range map[string]int{
		"UPDATE t SET a = a + 1":                         1,
		"UPDATE t SET a = 1 + t.a":                       1,
		"UPDATE t SET a = a - ?":                         -1,
		"UPDATE t SET a = (a - ?)":                       -1,
		"UPDATE t SET a = 1 - a":                         0,
		"UPDATE t SET a = - a":                           0,
		"UPDATE t SET a = b + 1":                         0,
		"UPDATE t SET a = a + 1 + 1":                     0,
		"UPDATE t SET a = a * 2":                         0,
		"UPDATE t SET a = a + INTERVAL 1 DAY":            0,
		"UPDATE IGNORE t SET a = a + 1":                  0, // what is too large becomes the largest
		"UPDATE t JOIN u ON u.b = t.b SET t.a = u.a + 1": 0,
		"UPDATE t JOIN u ON u.b = t.b SET t.a = t.a + 1": 1,
	} {
		set := Dialect{}.Analyze(sql).Writes[0].Set
		if len(set) != 1 || set[0].Shift != shift {
			t.Errorf("%s: %+v", sql, set)
		}
	}
	for sql, shift := range map[string]int{
		"INSERT INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = a + 1":               1,
		"INSERT INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = t.a + ?":             1,
		"INSERT INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = VALUES(a) + 1":       0,
		"INSERT INTO t (id, a) VALUES (1, 2) AS n ON DUPLICATE KEY UPDATE a = n.a + 1":        0,
		"INSERT INTO t (id, a) VALUES (1, 2) AS n (i, a) ON DUPLICATE KEY UPDATE t.a = a + 1": 0,
		"INSERT INTO t (id, a) SELECT id, a FROM u ON DUPLICATE KEY UPDATE t.a = a + 1":       0,
		"INSERT IGNORE INTO t (id, a) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = a + 1":        0,
	} {
		set := Dialect{}.Analyze(sql).Writes[1].Set
		if len(set) != 1 || set[0].Shift != shift {
			t.Errorf("%s: %+v", sql, set)
		}
	}
}
