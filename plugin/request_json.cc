#include "plugin/request_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "index/input/events_reader.h"
#include "index/input/time.h"
#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::plugin {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

[[noreturn]] void fail(std::string_view where, const std::string& what, const std::string& mend = {}) {
  throw Error(ErrorKind::kBadInput, what, where, mend);
}

json parse(std::string_view text, std::string_view where, const std::string& mend) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    const auto* place = dynamic_cast<const json::parse_error*>(&error);
    fail(where,
         "this is no JSON" +
             (place == nullptr ? "" : ", from its byte " + std::to_string(place->byte) + " on"),
         mend);
  }
}

std::string text_of(const json& value, std::string_view key, std::string_view where) {
  if (!value.is_string()) fail(where, "`" + std::string(key) + "` has to be a string");
  return value.get<std::string>();
}

std::size_t count_of(const json& value, std::string_view key, std::string_view where) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
    fail(where, "`" + std::string(key) + "` has to be a whole number of at least 0");
  }
  return value.get<std::size_t>();
}

std::vector<std::string> texts_of(const json& value, std::string_view key, std::string_view where) {
  if (value.is_string()) return {value.get<std::string>()};
  if (!value.is_array()) fail(where, "`" + std::string(key) + "` has to be an array of strings");
  std::vector<std::string> texts;
  for (const json& entry : value) texts.push_back(text_of(entry, key, where));
  return texts;
}

double time_of(const json& value, std::string_view where) {
  if (value.is_number()) return value.get<double>();
  const auto time = value.is_string() ? index::parse_time(value.get<std::string>()) : std::nullopt;
  if (!time)
    fail(where, "`time` has to be seconds since 1970 or an ISO 8601 time such as \"2026-03-01T12:00:00Z\"");
  return *time;
}

std::map<std::string, std::string> context_of(const json& value, std::string_view where) {
  if (!value.is_object()) fail(where, "`context` has to be an object of strings");
  std::map<std::string, std::string> context;
  for (const auto& [key, entry] : value.items()) context[key] = text_of(entry, "context." + key, where);
  return context;
}

/// The rules of a log's events hold for a session's, too; index/input reads both.
std::vector<index::Event> session_of(const json& value, const std::string& name, std::string_view where) {
  try {
    return index::parse_session(value.dump(), name);
  } catch (const Error& error) {
    fail(where, error.what());
  }
}

query::ParamValue param_of(const json& value, std::string_view name, std::string_view where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  const std::string place = std::string(where) + (where.empty() ? "$" : ": $") + std::string(name);
  if (!value.is_array())
    fail(place, "a parameter is a string, a number, a boolean, an array of numbers or of events");
  if (value.empty()) return std::vector<index::Event>{};
  if (!value.front().is_number()) return session_of(value, "$" + std::string(name), where);
  std::vector<double> vector;
  for (const json& entry : value) {
    if (!entry.is_number() || !std::isfinite(entry.get<double>()))
      fail(place, "a vector has to hold numbers alone");
    vector.push_back(entry.get<double>());
  }
  return vector;
}

ordered_json json_of(const FieldValue& value) {
  return std::visit([](const auto& v) { return ordered_json(v); }, value);
}

/// The name of an item in an explanation.
ordered_json named(const Answer& answer, index::ItemId item) {
  const auto found = answer.names.find(item);
  if (found == answer.names.end()) return nullptr;
  return {{"id", found->second.first}, {"title", found->second.second}};
}

ordered_json json_of(const Answer& answer, const query::Explanation& explanation) {
  ordered_json legs = ordered_json::array();
  for (const query::LegExplanation& leg : explanation.legs) {
    ordered_json entry = {{"name", leg.name}};
    if (!leg.source.empty()) entry["source"] = leg.source;
    if (!leg.half_life.empty()) entry["half_life"] = leg.half_life;
    if (leg.diversity) entry["diversity"] = *leg.diversity;
    for (const query::TermScore& term : leg.terms) {
      entry["terms"].push_back({{"field", term.field},
                                {"term", term.term},
                                {"tf", term.frequency},
                                {"df", term.document_frequency},
                                {"length", term.length},
                                {"idf", term.idf},
                                {"boost", term.boost},
                                {"score", term.score}});
    }
    for (const query::ModelShare& share : leg.models) {
      ordered_json model = {
          {"model", share.model}, {"weight", share.weight}, {"z", share.z}, {"raw", share.raw}};
      for (const query::Cause& cause : share.because)
        model["because"].push_back({{"item", named(answer, cause.item)}, {"share", cause.share}});
      entry["models"].push_back(model);
    }
    for (const query::EventShare& share : leg.events) {
      ordered_json event;
      if (share.item == index::kNoItem) {
        event["query"] = share.text;
      } else {
        event["item"] = named(answer, share.item);
      }
      event["contribution"] = share.contribution;
      entry["events"].push_back(event);
    }
    for (const query::ContextShare& share : leg.contexts) {
      entry["context"].push_back({{"key", share.key},
                                  {"value", share.value},
                                  {"of", share.of_request ? "request" : "session"},
                                  {"contribution", share.contribution}});
    }
    for (const query::Neighbour& neighbour : leg.neighbours) {
      entry["neighbours"].push_back({{"item", named(answer, neighbour.item)},
                                     {"score", neighbour.score},
                                     {"in_session", neighbour.in_session}});
    }
    legs.push_back(entry);
  }
  return {{"legs", legs}};
}

ordered_json json_of(const query::syntax::Diagnostic& diagnostic) {
  const bool error = diagnostic.severity == query::syntax::Diagnostic::Severity::kError;
  ordered_json entry = {{"severity", error ? "error" : "warning"},
                        {"begin", diagnostic.range.begin},
                        {"end", diagnostic.range.end},
                        {"message", diagnostic.message}};
  if (!diagnostic.source.empty()) entry["source"] = diagnostic.source;
  if (!diagnostic.suggestion.empty()) entry["suggestion"] = diagnostic.suggestion;
  return entry;
}

ordered_json json_of(const Answer& answer, const AnswerHit& entry) {
  ordered_json hit = {{"id", entry.id}, {"kind", entry.kind}};
  if (answer.suggestion) hit["text"] = entry.text;
  hit["rank"] = entry.hit.rank;
  hit["score"] = entry.hit.score;
  hit["legs"] = ordered_json::array();
  for (const query::HitLeg& leg : entry.hit.legs) {
    ordered_json share = {{"name", leg.name}};
    if (leg.rank) share["rank"] = *leg.rank;
    share["raw"] = leg.raw;
    share["score"] = leg.score;
    hit["legs"].push_back(share);
  }
  if (!entry.fields.empty()) {
    for (const auto& [name, value] : entry.fields) hit["fields"][name] = json_of(value);
  }
  if (entry.hit.explanation) hit["explain"] = json_of(answer, *entry.hit.explanation);
  return hit;
}

}  // namespace

Request parse_request(std::string_view text, std::string_view where) {
  const json object = parse(text, where, "send one JSON object a line, UTF-8");
  if (!object.is_object()) fail(where, "a request has to be a JSON object");
  Request request;
  for (const auto& [key, value] : object.items()) {
    if (key == "id") {
      request.id = text_of(value, key, where);
    } else if (key == "query") {
      request.search.query = text_of(value, key, where);
    } else if (key == "suggest") {
      request.suggest = text_of(value, key, where);
    } else if (key == "params") {
      if (!value.is_object()) fail(where, "`params` has to be an object");
      for (const auto& [name, entry] : value.items())
        request.search.params[name] = param_of(entry, name, where);
    } else if (key == "ctx") {
      request.ctx = session_of(value, "ctx", where);
      request.has_ctx = true;
    } else if (key == "mode") {
      const std::string mode = text_of(value, key, where);
      if (mode != "lenient" && mode != "strict")
        fail(where, "`mode` is `" + mode + "`", "it is lenient or strict");
      request.search.mode = mode == "strict" ? query::TextMode::kStrict : query::TextMode::kLenient;
    } else if (key == "filter") {
      request.search.filter = text_of(value, key, where);
    } else if (key == "kind") {
      request.search.kind = text_of(value, key, where);
    } else if (key == "size") {
      request.search.size = count_of(value, key, where);
    } else if (key == "offset") {
      request.search.offset = count_of(value, key, where);
    } else if (key == "sort") {
      request.search.sort = texts_of(value, key, where);
    } else if (key == "facets") {
      request.search.facets = texts_of(value, key, where);
    } else if (key == "fields") {
      request.fields = texts_of(value, key, where);
    } else if (key == "explain") {
      if (!value.is_boolean()) fail(where, "`explain` has to be true or false");
      request.search.explain = value.get<bool>();
    } else if (key == "user") {
      request.user = text_of(value, key, where);
    } else if (key == "context") {
      request.context = context_of(value, where);
    } else if (key == "time") {
      request.time = time_of(value, where);
    } else if (key == "snapshot") {
      request.snapshot = text_of(value, key, where);
    } else {
      static constexpr std::string_view kKeys[] = {
          "id",   "query",  "suggest", "params", "ctx",  "filter",  "kind",    "size", "offset",
          "sort", "facets", "fields",  "user",   "mode", "explain", "context", "time", "snapshot"};
      const std::string near = index::nearest_name(key, kKeys);
      request.warnings.push_back("the key `" + key + "` is unknown and was ignored" +
                                 (near.empty() ? "" : "; did you mean `" + near + "`?"));
    }
  }
  if (object.contains("query") == object.contains("suggest")) {
    fail(where, "a request needs exactly one of `query` and `suggest`");
  }
  if (request.suggest && (!request.search.sort.empty() || !request.search.facets.empty())) {
    fail(where, "suggestions are ranked: `sort` and `facets` are for searches", "leave them out");
  }
  return request;
}

std::vector<index::Event> parse_session(std::string_view text, std::string_view where) {
  return session_of(parse(text, where, "send an array of events such as [{\"item\": \"ID\"}]"), "ctx", where);
}

std::map<std::string, std::string> parse_context(std::string_view text, std::string_view where) {
  return context_of(parse(text, where, "send an object of strings such as {\"device\": \"phone\"}"), where);
}

query::ParamValue parse_param(std::string_view text, std::string_view where) {
  const json value = json::parse(text, nullptr, false);
  if (value.is_discarded() || value.is_object() || value.is_null()) return std::string(text);
  return param_of(value, "value", where);
}

std::string to_json(const Answer& answer) {
  ordered_json object = {{"snapshot", answer.snapshot},
                         {"total", {{"value", answer.total}, {"exact", answer.total_exact}}},
                         {"partial", answer.partial},
                         {"hits", ordered_json::array()}};
  for (const AnswerHit& hit : answer.hits) object["hits"].push_back(json_of(answer, hit));
  for (const auto& [name, counts] : answer.facets) {
    ordered_json values = ordered_json::array();
    for (const query::FacetCount& count : counts)
      values.push_back({{"value", count.value}, {"count", count.count}});
    object["facets"][name] = values;
  }
  object["diagnostics"] = ordered_json::array();
  for (const auto& diagnostic : answer.diagnostics) object["diagnostics"].push_back(json_of(diagnostic));
  object["skipped"] = answer.skipped;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace segue::plugin
