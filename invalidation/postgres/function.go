package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
)

// pureFunctions give the same answer for the same arguments, or for the same
// rows, as long as the settings of the session are the same. They are
// PostgreSQL's own, which come before a user's function of the same name.
var pureFunctions = setOf(`
	abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt
	ceil ceiling cos cosd cosh cot cotd degrees div erf erfc exp factorial
	floor gcd lcm ln log log10 min_scale mod pi power radians round scale sign
	sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket

	ascii bit_count bit_length btrim casefold char_length character_length chr
	concat concat_ws convert convert_from convert_to crc32 crc32c decode encode
	format get_bit get_byte initcap is_normalized left length like_escape lower
	lpad ltrim md5 normalize octet_length overlay parse_ident position
	quote_ident quote_literal quote_nullable regexp_count regexp_instr
	regexp_like regexp_match regexp_replace regexp_substr
	regexp_split_to_array repeat replace reverse right rpad rtrim set_bit
	set_byte sha224 sha256 sha384 sha512 similar_to_escape split_part
	starts_with string_to_array strpos substr substring text textlike to_ascii
	to_bin to_hex to_oct translate trim unistr upper

	date date_add date_bin date_part date_subtract date_trunc extract isfinite
	justify_days justify_hours justify_interval make_date make_interval
	make_time make_timestamp make_timestamptz overlaps timezone to_char to_date
	to_number to_timestamp

	coalesce greatest least nullif num_nonnulls num_nulls pg_typeof row

	array_append array_cat array_dims array_fill array_length array_lower
	array_ndims array_position array_positions array_prepend array_remove
	array_replace array_reverse array_sort array_to_string array_upper
	cardinality trim_array

	array_to_json json_array_length json_build_array json_build_object
	json_extract_path json_extract_path_text json_object json_strip_nulls
	json_typeof jsonb_array_length jsonb_build_array jsonb_build_object
	jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path
	jsonb_extract_path_text jsonb_insert jsonb_object jsonb_path_exists
	jsonb_path_match jsonb_path_query_array jsonb_path_query_first
	jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_typeof
	row_to_json to_json to_jsonb json_populate_record jsonb_populate_record
	json_to_record jsonb_to_record

	isempty lower_inc lower_inf multirange range_merge upper_inc upper_inf
	abbrev broadcast family host hostmask inet_merge inet_same_family masklen
	netmask network set_masklen
	area box center circle diagonal diameter height isclosed isopen line lseg
	npoints path pclose point polygon popen radius slope width

	array_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree
	setweight strip to_tsquery to_tsvector ts_delete ts_filter ts_headline
	ts_rank ts_rank_cd tsquery_phrase tsvector_to_array websearch_to_tsquery
	xml_is_well_formed xmlcomment xmlexists xpath xpath_exists`)

// aggregates and window functions make one row of several, or look at several
// for one.
var aggregates = setOf(`
	any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count
	covar_pop covar_samp every grouping json_agg json_object_agg jsonb_agg
	jsonb_object_agg max min mode percentile_cont percentile_disc
	range_agg range_intersect_agg regr_avgx regr_avgy regr_count
	regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev
	stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg

	cume_dist dense_rank first_value lag last_value lead nth_value ntile
	percent_rank rank row_number`)

// rowFunctions give any number of rows for their arguments.
var rowFunctions = setOf(`
	generate_series generate_subscripts json_array_elements
	json_array_elements_text json_each json_each_text json_object_keys
	json_populate_recordset json_to_recordset jsonb_array_elements
	jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys
	jsonb_path_query jsonb_populate_recordset jsonb_to_recordset
	regexp_matches regexp_split_to_table string_to_table ts_debug ts_parse
	unnest`)

// volatileFunctions are known to give another answer every time, or to tell
// of the connection and not of the tables. None of them writes to a table.
var volatileFunctions = setOf(`
	clock_timestamp current_database current_query current_schema
	current_schemas current_setting currval gen_random_uuid
	inet_client_addr inet_client_port inet_server_addr inet_server_port
	lastval nextval now pg_advisory_lock pg_advisory_lock_shared
	pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
	pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backend_pid
	pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned
	pg_is_in_recovery pg_notify pg_postmaster_start_time pg_sleep
	pg_sleep_for pg_sleep_until pg_try_advisory_lock
	pg_try_advisory_lock_shared pg_try_advisory_xact_lock
	pg_try_advisory_xact_lock_shared random random_normal setseed setval
	statement_timestamp timeofday transaction_timestamp txid_current
	txid_current_if_assigned txid_current_snapshot uuidv4 uuidv7 version`)

// runningFunctions run SQL that is given to them as text.
var runningFunctions = setOf(`
	cursor_to_xml cursor_to_xmlschema database_to_xml
	database_to_xml_and_xmlschema query_to_xml query_to_xml_and_xmlschema
	query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema table_to_xml
	table_to_xml_and_xmlschema ts_rewrite ts_stat`)

// knownOperators are PostgreSQL's own, and those of [knownExtensions]. All are
// pure.
var knownOperators = setOf(`
	!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= +
	- -> ->> -|- / < <-> << <<= <<| <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-|
	?| ?|| @ @-@ @> @? @@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~
	~~* #= %# %% %> %>> <#> <% <+> <->> <->>> <<% <<-> <<<-> <=> <~> <%> ?@ ?@>
	?<@ ?^@ ?~ ^<@ ^? ^@> ^~ ~>`)

// operators is the function that all other operators are taken for.
const operators = "operator"

func init() {
	for _, more := range []map[string]bool{aggregates, rowFunctions} {
		for name := range more {
			pureFunctions[name] = true
		}
	}
}

// functionName returns the name of a function, without its schema if that is
// PostgreSQL's own. The name of another schema's has a dot.
func functionName(name []*ast.Node) string {
	parts := texts(name)
	if len(parts) == 2 && parts[0] == "pg_catalog" {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

// presents are the words by which a text, read as a time, means a moment near
// the present.
var presents = setOf(`now today tomorrow yesterday`)

// meansPresent reports whether a text may be read as a time near the present.
func meansPresent(text string) bool {
	const longest = 64 // no time is longer
	if len(text) > longest {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	for _, word := range words {
		if presents[word] {
			return true
		}
	}
	return false
}
