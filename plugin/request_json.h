#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "index/event.h"
#include "plugin/request.h"
#include "query/params.h"

namespace segue::plugin {

/// Reads one request of requests.jsonl. Throws Error (kBadInput) that names the key; `where` is what the
/// message begins with, for example "requests.jsonl:3". Keys that are not known are ignored, with a
/// warning in the request.
Request parse_request(std::string_view json, std::string_view where);

/// Reads a session, an array of events without user and session. Throws Error (kBadInput).
std::vector<index::Event> parse_session(std::string_view json, std::string_view where);

/// Reads the context of a request, an object of strings. Throws Error (kBadInput).
std::map<std::string, std::string> parse_context(std::string_view json, std::string_view where);

/// Reads the value of --param name=value: JSON where it is a number, boolean, array or quoted string, else
/// text.
query::ParamValue parse_param(std::string_view text, std::string_view where);

/// The answer as one line of JSON, keys in the order of docs/file-formats.md.
std::string to_json(const Answer& answer);

}  // namespace segue::plugin
