#pragma once

#include <string>
#include <string_view>

#include "cel/value.hpp"

namespace slipway::cel {

class Evaluation;

/// Implementation of an overload. The arguments fit the declared types; errors are returned as values.
using Function = Value (*)(Evaluation&, const Value* args);

namespace functions {

// functions_strings.cpp: standard string functions and the strings extension. Indices count characters, not bytes.
Value contains(Evaluation&, const Value* args);
Value starts_with(Evaluation&, const Value* args);
Value ends_with(Evaluation&, const Value* args);
Value char_at(Evaluation&, const Value* args);
Value index_of(Evaluation&, const Value* args);
Value index_of_from(Evaluation&, const Value* args);
Value last_index_of(Evaluation&, const Value* args);
Value last_index_of_from(Evaluation&, const Value* args);
Value join(Evaluation&, const Value* args);
Value join_with(Evaluation&, const Value* args);
Value lower_ascii(Evaluation&, const Value* args);
Value upper_ascii(Evaluation&, const Value* args);
Value replace(Evaluation&, const Value* args);
Value replace_count(Evaluation&, const Value* args);
Value split(Evaluation&, const Value* args);
Value split_count(Evaluation&, const Value* args);
Value substring_from(Evaluation&, const Value* args);
Value substring(Evaluation&, const Value* args);
Value trim(Evaluation&, const Value* args);
Value reverse_string(Evaluation&, const Value* args);
Value quote_string(Evaluation&, const Value* args);

// format.cpp: string.format.
Value format(Evaluation&, const Value* args);

// functions_regex.cpp: RE2 and Tekton's translate.
Value matches(Evaluation&, const Value* args);
Value translate(Evaluation&, const Value* args);

// functions_encoders.cpp
Value base64_decode(Evaluation&, const Value* args);
Value base64_encode(Evaluation&, const Value* args);
Value json_encode(Evaluation&, const Value* args);

// functions_lists.cpp: lists and sets extensions, Tekton's first and last.
Value slice(Evaluation&, const Value* args);
Value flatten(Evaluation&, const Value* args);
Value flatten_depth(Evaluation&, const Value* args);
Value distinct(Evaluation&, const Value* args);
Value reverse_list(Evaluation&, const Value* args);
Value sort(Evaluation&, const Value* args);
Value sort_by_keys(Evaluation&, const Value* args);
Value range(Evaluation&, const Value* args);
Value first(Evaluation&, const Value* args);
Value last(Evaluation&, const Value* args);
Value sets_contains(Evaluation&, const Value* args);
Value sets_equivalent(Evaluation&, const Value* args);
Value sets_intersects(Evaluation&, const Value* args);

// functions_math.cpp: the math extension.
Value greatest_of_two(Evaluation&, const Value* args);
Value greatest_of_list(Evaluation&, const Value* args);
Value least_of_two(Evaluation&, const Value* args);
Value least_of_list(Evaluation&, const Value* args);
Value same(Evaluation&, const Value* args);
Value abs(Evaluation&, const Value* args);
Value sign(Evaluation&, const Value* args);
Value ceil(Evaluation&, const Value* args);
Value floor(Evaluation&, const Value* args);
Value round(Evaluation&, const Value* args);
Value trunc(Evaluation&, const Value* args);
Value sqrt(Evaluation&, const Value* args);
Value is_nan(Evaluation&, const Value* args);
Value is_inf(Evaluation&, const Value* args);
Value is_finite(Evaluation&, const Value* args);
Value bit_and(Evaluation&, const Value* args);
Value bit_or(Evaluation&, const Value* args);
Value bit_xor(Evaluation&, const Value* args);
Value bit_not(Evaluation&, const Value* args);
Value bit_shift_left(Evaluation&, const Value* args);
Value bit_shift_right(Evaluation&, const Value* args);

// conversions.cpp
Value size(Evaluation&, const Value* args);
Value type(Evaluation&, const Value* args);
Value to_bool(Evaluation&, const Value* args);
Value to_bytes(Evaluation&, const Value* args);
Value to_double(Evaluation&, const Value* args);
Value to_duration(Evaluation&, const Value* args);
Value to_int(Evaluation&, const Value* args);
Value to_string(Evaluation&, const Value* args);
Value to_timestamp(Evaluation&, const Value* args);
Value to_uint(Evaluation&, const Value* args);

// functions_time.cpp: parts of timestamps, in UTC or the time zone given as second argument, and of durations.
Value get_date(Evaluation&, const Value* args);
Value get_day_of_month(Evaluation&, const Value* args);
Value get_day_of_week(Evaluation&, const Value* args);
Value get_day_of_year(Evaluation&, const Value* args);
Value get_full_year(Evaluation&, const Value* args);
Value get_hours(Evaluation&, const Value* args);
Value get_milliseconds(Evaluation&, const Value* args);
Value get_minutes(Evaluation&, const Value* args);
Value get_month(Evaluation&, const Value* args);
Value get_seconds(Evaluation&, const Value* args);
Value get_date_in(Evaluation&, const Value* args);
Value get_day_of_month_in(Evaluation&, const Value* args);
Value get_day_of_week_in(Evaluation&, const Value* args);
Value get_day_of_year_in(Evaluation&, const Value* args);
Value get_full_year_in(Evaluation&, const Value* args);
Value get_hours_in(Evaluation&, const Value* args);
Value get_milliseconds_in(Evaluation&, const Value* args);
Value get_minutes_in(Evaluation&, const Value* args);
Value get_month_in(Evaluation&, const Value* args);
Value get_seconds_in(Evaluation&, const Value* args);
Value duration_hours(Evaluation&, const Value* args);
Value duration_minutes(Evaluation&, const Value* args);
Value duration_seconds(Evaluation&, const Value* args);
Value duration_milliseconds(Evaluation&, const Value* args);

// functions_tekton.cpp: functions added by Tekton's interceptor.
Value header_match(Evaluation&, const Value* args);
Value header_canonical(Evaluation&, const Value* args);
Value truncate(Evaluation&, const Value* args);
Value compare_secret(Evaluation&, const Value* args);
Value parse_json(Evaluation&, const Value* args);
Value parse_yaml(Evaluation&, const Value* args);
Value parse_url(Evaluation&, const Value* args);
Value marshal_json(Evaluation&, const Value* args);

}  // namespace functions
}  // namespace slipway::cel
