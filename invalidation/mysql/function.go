package mysql

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// pureFunctions give the same answer for the same arguments, or for the same
// rows, as long as the session's settings are the same. They are built into
// MySQL and into MariaDB, where a stored function cannot take their place.
var pureFunctions = setOf(`
	abs acos asin atan atan2 bin bit_count ceil ceiling conv cos cot crc32
	degrees exp floor greatest least ln log log10 log2 mod oct pi pow power
	radians round sign sin sqrt tan truncate

	ascii bin_to_num char char_length character_length charset coercibility
	collation concat concat_ws convert elt export_set field find_in_set format
	from_base64 hex insert instr lcase left length like locate
	lower lpad ltrim make_set mid octet_length ord position quote repeat
	replace reverse right rpad rtrim soundex space strcmp substr substring
	substring_index to_base64 trim ucase unhex upper weight_string

	regexp_instr regexp_replace regexp_substr

	coalesce if ifnull interval isnull nullif

	adddate addtime convert_tz date date_add date_format date_sub datediff day
	dayname dayofmonth dayofweek dayofyear extract from_days from_unixtime
	get_format hour last_day makedate maketime microsecond minute month
	monthname period_add period_diff quarter sec_to_time second str_to_date
	subdate subtime time time_format time_to_sec timediff timestamp
	timestampadd timestampdiff to_days to_seconds week weekday weekofyear year
	yearweek

	md5 sha sha1 sha2 compress uncompress uncompressed_length

	inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv4_compat
	is_ipv4_mapped is_ipv6

	json_array json_array_append json_array_insert json_contains
	json_contains_path json_depth json_extract json_insert json_keys
	json_length json_merge json_merge_patch json_merge_preserve json_object
	json_overlaps json_quote json_remove json_replace json_search json_set
	json_type json_unquote json_valid json_value`)

// volatileFunctions are known to give another answer every time, or to tell
// of the connection and not of the tables. They write no table.
var volatileFunctions = setOf(`
	benchmark binlog_gtid_pos connection_id curdate current_date current_role
	current_time current_timestamp current_user curtime database encrypt
	found_rows get_lock is_free_lock is_used_lock last_insert_id load_file
	localtime localtimestamp master_gtid_wait master_pos_wait name_const now
	ps_current_thread_id rand random_bytes release_all_locks release_lock
	row_count schema session_user sleep source_pos_wait sys_guid sysdate
	system_user user utc_date utc_time utc_timestamp uuid uuid_short version

	lastval nextval setval`)

// aggregates are the functions of groups of rows.
var aggregates = setOf(`
	avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg
	max min std stddev stddev_pop stddev_samp sum var_pop var_samp variance`)

// windows are the functions that there are with OVER only.
var windows = setOf(`
	cume_dist dense_rank first_value lag last_value lead nth_value ntile
	percent_rank rank row_number`)

// keywords are the reserved words that a parenthesis may follow.
var keywords = setOf(`
	all and as between binary by case distinct div else exists from group in
	interval is join key lateral like limit match against not on or order over
	partition regexp returning rlike row select some any set then using values when where
	with xor`)

// touching are the functions whose parenthesis must follow at once. With a
// blank before it the name means a stored function.
var touching = setOf(`
	adddate bit_and bit_or bit_xor cast count curdate curtime date_add date_sub
	extract group_concat max mid min now position session_user std stddev
	stddev_pop stddev_samp subdate substr substring sum sysdate system_user
	trim variance var_pop var_samp`)

// knownFunction reports whether a word before a parenthesis is not the name of
// a stored function.
func knownFunction(name string) bool {
	return pureFunctions[name] || volatileFunctions[name] || aggregates[name] ||
		windows[name] || keywords[name] || name == "cast" || name == "unix_timestamp"
}

// made are the functions that the parser makes of something else, under names
// of its own.
var made = map[string]bool{
	ast.CharFunc: true, ast.InsertFunc: true, ast.JSONMemberOf: true,
	ast.DateLiteral: true, ast.TimeLiteral: true, ast.TimestampLiteral: true,
}

// function notes a function that is called, and refuses the statement if it is
// not known to be pure.
func (r *reader) function(n *ast.FuncCallExpr) {
	name := n.FnName.L
	after, written := r.after(n)
	switch {
	case n.Schema.L != "":
		r.stored(n.Schema.L + "." + name)
	case written && touching[name] && !strings.HasPrefix(after, "("), written && made[name]:
		r.stored(name)
	case name == "unix_timestamp":
		if len(n.Args) == 0 {
			r.refuse(syntax.VolatileFunction)
		}
	case pureFunctions[name], made[name]:
	case volatileFunctions[name]:
		r.refuse(syntax.VolatileFunction)
	default:
		r.stored(name)
	}
}

// stored notes a function that may be a stored one.
func (r *reader) stored(name string) {
	r.refuse(syntax.UnknownFunction)
	r.called = append(r.called, call{name: name, qualified: true})
}

// after returns what follows the function's name in the text. It reports false
// if the name is not there: the parser has made the function of an operator.
func (r *reader) after(n *ast.FuncCallExpr) (string, bool) {
	from := n.OriginTextPosition()
	to := from + len(n.FnName.L)
	if to > len(r.sql) || lower(r.sql[from:to]) != n.FnName.L {
		return "", false
	}
	return r.sql[to:], true
}
