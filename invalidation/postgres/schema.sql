-- All that the catalogue is made of, in one statement, so that it is of one
-- moment. Every name is PostgreSQL's own and found whatever the search path.
WITH RECURSIVE
relations AS (
	SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relrowsecurity, c.reltype, n.nspname
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
		AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
),
-- By these collations texts are equal whose bytes are not.
folding AS (SELECT o.oid FROM pg_catalog.pg_collation o WHERE NOT o.collisdeterministic),
-- A domain is of the type that it is made of in the end.
types AS (
	SELECT t.oid AS domain, t.oid, -1 AS modifier FROM pg_catalog.pg_type t WHERE t.typtype <> 'd'
	UNION ALL
	SELECT d.oid, b.oid, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE b.modifier END
	FROM types b
	JOIN pg_catalog.pg_type d ON d.typtype = 'd' AND d.typbasetype = b.domain
),
functions AS (
	SELECT p.oid, n.nspname, p.proname, p.provolatile,
		CASE WHEN p.prokind = 'a' THEN 'sql' ELSE l.lanname END AS lanname,
		p.pronargs - p.pronargdefaults AS needs, p.pronargs, p.proargtypes[0] AS first, p.prokind, n.nspname IN ('pg_catalog', 'information_schema') AS own,
		CASE WHEN p.prokind = 'f' AND (l.lanname = 'plpgsql' OR l.lanname = 'sql' AND p.prosrc = '') THEN pg_catalog.pg_get_functiondef(p.oid)
			WHEN l.lanname = 'sql' THEN p.prosrc
			-- An aggregate calls these.
			WHEN p.prokind = 'a' THEN (SELECT pg_catalog.concat(a.aggtransfn, '(', a.aggfinalfn, '(')
				FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid)
			ELSE '' END AS body,
		(SELECT e.extname FROM pg_catalog.pg_depend d
			JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
			WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
				AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e') AS extension
	FROM pg_catalog.pg_proc p
	JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
	JOIN pg_catalog.pg_language l ON l.oid = p.prolang
	WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
		OR p.oid IN (SELECT tgfoid FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)
)
SELECT pg_catalog.json_build_object(
'Recovery', pg_catalog.pg_is_in_recovery(),
'PlainStrings', pg_catalog.current_setting('standard_conforming_strings') = 'on',
'PlainNulls', pg_catalog.current_setting('transform_null_equals') = 'off',
'OwnFirst', (SELECT s FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY u (s, i)
	WHERE s NOT LIKE 'pg\_temp%' ORDER BY i LIMIT 1) = 'pg_catalog',
'Relations', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'ID', r.oid::bigint, 'Schema', r.nspname, 'Name', r.relname, 'Sort', r.relkind,
	'Temporary', r.relpersistence = 't', 'Partition', r.relispartition,
	'Visible', pg_catalog.pg_table_is_visible(r.oid),
	'Readable', pg_catalog.has_table_privilege(r.oid, 'SELECT'),
	'Secured', r.relrowsecurity,
	'Ruled', EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid AND w.rulename <> '_RETURN'),
	-- A function of a row can be named as if it were a column.
	'Computing', EXISTS (SELECT FROM functions f WHERE f.first = r.reltype AND f.needs <= 1)
	)) FROM relations r),
'Columns', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'Table', a.attrelid::bigint, 'Name', a.attname, 'Type', t.typname, 'Sort', t.typtype,
	'Own', t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace,
	'Modifier', CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE y.modifier END,
	-- The collation of a unique key, which may be another than the column's,
	-- decides which row an upsert meets.
	'Deterministic', a.attcollation NOT IN (SELECT oid FROM folding)
		AND (a.attrelid, a.attnum) NOT IN (SELECT i.indrelid, i.indkey[u.k - 1]
			FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indcollation::oid[]) WITH ORDINALITY u (c, k)
			WHERE i.indisunique AND u.c IN (SELECT oid FROM folding)),
	'Generated', a.attgenerated <> '',
	'Unique', (a.attrelid, a.attnum) IN (SELECT i.indrelid, i.indkey[0] FROM pg_catalog.pg_index i
		WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indnkeyatts = 1),
	'Keyed', (a.attrelid, a.attnum) IN (SELECT i.indrelid, pg_catalog.unnest(i.indkey::int2[])
		FROM pg_catalog.pg_index i WHERE i.indisunique)
	)) FROM pg_catalog.pg_attribute a
	JOIN relations r ON r.oid = a.attrelid
	JOIN types y ON y.domain = a.atttypid
	JOIN pg_catalog.pg_type t ON t.oid = y.oid
	WHERE a.attnum > 0 AND NOT a.attisdropped),
'Keys', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'Child', k.conrelid::bigint, 'Parent', k.confrelid::bigint,
	'OnDelete', k.confdeltype, 'OnUpdate', k.confupdtype,
	'Columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.i)
		FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (n, i)
		JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n),
	'Referred', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.i)
		FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u (n, i)
		JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n)
	)) FROM pg_catalog.pg_constraint k
	WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))),
'Parents', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'Child', h.inhrelid::bigint, 'Parent', h.inhparent::bigint))
	FROM pg_catalog.pg_inherits h JOIN relations r ON r.oid = h.inhrelid),
'Triggers', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'Table', g.tgrelid::bigint, 'Function', g.tgfoid::bigint))
	FROM pg_catalog.pg_trigger g JOIN relations r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal),
-- What a table calls when it is written: defaults and checks.
'Calls', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'Table', c.of::bigint, 'Function', d.refobjid::bigint))
	FROM (
		SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass AS class, f.oid, f.adrelid AS of FROM pg_catalog.pg_attrdef f
		UNION ALL
		SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid FROM pg_catalog.pg_constraint k WHERE k.contype = 'c'
	) c
	JOIN pg_catalog.pg_depend d ON d.classid = c.class AND d.objid = c.oid
		AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
	JOIN relations r ON r.oid = c.of),
'Behind', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object(
	'View', w.ev_class::bigint, 'Table', d.refobjid::bigint))
	FROM pg_catalog.pg_rewrite w
	JOIN relations v ON v.oid = w.ev_class AND v.relkind = 'v'
	JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
		AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> w.ev_class
	JOIN relations r ON r.oid = d.refobjid),
'Functions', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
	'ID', f.oid::bigint, 'Schema', f.nspname, 'Name', f.proname, 'Own', f.own,
	'Volatile', f.provolatile = 'v', 'Language', f.lanname,
	'Operates', EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprcode = f.oid),
	'Extension', COALESCE(f.extension, ''), 'Body', COALESCE(f.body, '')
	)) FROM functions f WHERE f.prokind IN ('f', 'w', 'a'))
)
