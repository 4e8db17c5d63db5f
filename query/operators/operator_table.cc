#include "query/operators/operator_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>

#include "index/model/seen_rule.h"
#include "index/nearest_name.h"

namespace segue::query {
namespace {

/// N of `last:N`.
constexpr std::size_t kMostLeftOut = 1000;
/// A bound that is none.
constexpr double kUnbounded = 1e30;

constexpr std::array kSessionKeys = {
    KeySpec{"ctx", KeyType::kSession, "", 0, 0, "",
            "the session: a parameter that holds events; by default the request's user's newest session"},
    KeySpec{"model", KeyType::kChoice, "blend", 0, 0,
            "blend transformer mf transitions content neighbours item-neighbours user-neighbours "
            "session-neighbours "
            "rating popularity context-popularity",
            "which model ranks: their weighted sum, or one of them; neighbours: the kind that validation "
            "found best"},
    KeySpec{"topK", KeyType::kInteger, "100", 1, 0, "",
            "how many items the operator matches; inside a hybrid its window"},
    KeySpec{
        "seen", KeyType::kSeen, "auto", 0, 0, "",
        "items of the session itself: exclude, include, visit leaves out those since the last pause of half "
        "an hour, last:N the N newest, auto does what validation found best"},
};
constexpr std::array kKnnKeys = {
    KeySpec{
        "f", KeyType::kText, "transformer", 0, 0, "",
        "whose vectors: transformer, mf, words (what items say), content (those of `vector`) or a kind of "
        "`vectors`"},
    KeySpec{"topK", KeyType::kInteger, "10", 1, 0, "",
            "how many items the operator matches; inside a hybrid its window"},
    KeySpec{"like", KeyType::kText, "", 0, 0, "",
            "the id of an item whose neighbours are asked for; it is left out itself"},
    KeySpec{"v", KeyType::kVector, "", 0, 0, "", "a parameter that holds a vector"},
    KeySpec{"minReturn", KeyType::kNumber, "", -kUnbounded, kUnbounded, "", "the least score of a neighbour"},
    KeySpec{"preFilter", KeyType::kQuery, "", 0, 0, "",
            "a parameter that holds a query which neighbours must match"},
};
constexpr std::array kHybridKeys = {
    KeySpec{"fuse", KeyType::kChoice, "rrf", 0, 0, "rrf",
            "how ranked legs become one: reciprocal rank fusion"},
    KeySpec{"k", KeyType::kNumber, "60", 0, 1e6, "", "the constant of reciprocal rank fusion"},
    KeySpec{"w", KeyType::kNumbers, "", 0, 1e6, "",
            "a weight for each leg, separated by commas; 1 each by default"},
    KeySpec{"window", KeyType::kInteger, "200", 1, 0, "", "how many hits of each leg take part"},
};
constexpr std::array kSuggestKeys = {
    KeySpec{"ctx", KeyType::kSession, "", 0, 0, "", "the session: a parameter that holds events"},
    KeySpec{"modes", KeyType::kChoice, "prefix", 0, 0, "prefix", "how typed letters are completed"},
    KeySpec{"q", KeyType::kTyped, "", 0, 0, "",
            "the letters typed so far, where they come as a parameter instead of a body"},
    KeySpec{"n", KeyType::kInteger, "10", 1, 0, "", "how many suggestions at most"},
};
constexpr std::array kOperators = {
    OperatorSpec{"session", "the items that a session leads to", kSessionKeys, BodyType::kNone, 0, 0},
    OperatorSpec{"knn",
                 "the items nearest to an item or a vector; exactly one of `like`, `v` or a body `[numbers]`",
                 kKnnKeys, BodyType::kVector, 0, 1},
    OperatorSpec{"hybrid", "fuses ranked legs, one per body `(query)`", kHybridKeys, BodyType::kQuery, 1, 16},
    OperatorSpec{"suggest",
                 "suggestions for the letters typed so far, the body `\"text\"`; only as the whole query",
                 kSuggestKeys, BodyType::kText, 0, 1},
};

bool parse_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// Whole numbers in full.
std::string format_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return std::to_string(static_cast<long long>(value));
  std::ostringstream out;
  out << value;
  return out.str();
}

double most_of(const KeySpec& spec, const Limits& limits) {
  return spec.most != 0 ? spec.most : static_cast<double>(limits.top_k);
}

/// What is wrong with a value, empty when nothing is.
std::string fault_of(const KeySpec& spec, std::string_view text, const ParamValue* bound,
                     const Limits& limits) {
  const bool is_session = bound != nullptr && std::holds_alternative<std::vector<index::Event>>(*bound);
  const bool is_vector = bound != nullptr && std::holds_alternative<std::vector<double>>(*bound);
  if (spec.type == KeyType::kSession)
    return is_session ? "" : "expected a parameter that holds events, such as $ctx";
  if (spec.type == KeyType::kVector)
    return is_vector ? "" : "expected a parameter that holds a vector, such as $v";
  if (is_session || is_vector) return "the parameter holds a list; a single value is expected";
  double value = 0;
  switch (spec.type) {
    case KeyType::kInteger:
    case KeyType::kNumber:
      if (!parse_number(text, value) || (spec.type == KeyType::kInteger && value != std::floor(value))) {
        return spec.type == KeyType::kInteger ? "expected a whole number" : "expected a number";
      }
      if (value < spec.least || value > most_of(spec, limits)) {
        return "expected a number from " + format_number(spec.least) + " to " +
               format_number(most_of(spec, limits));
      }
      return "";
    case KeyType::kNumbers:
      for (const std::string_view part : split(text, ',')) {
        if (!parse_number(part, value) || value < spec.least || value > spec.most) {
          return "expected numbers of at least 0, separated by commas";
        }
      }
      return "";
    case KeyType::kChoice: {
      const auto choices = split(spec.choices, ' ');
      if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
      std::string list;
      for (const std::string_view choice : choices) list.append(list.empty() ? "" : ", ").append(choice);
      return "expected " + std::string(choices.size() > 1 ? "one of " : "") + list;
    }
    case KeyType::kSeen:
      if (text == "auto") return "";
      if (const auto rule = index::parse_seen_rule(text); rule && rule->newest <= kMostLeftOut) return "";
      return "expected auto, exclude, include, visit or last:N with N from 1 to " +
             std::to_string(kMostLeftOut);
    case KeyType::kTyped:
      return "";
    default:
      return text.empty() ? "the value is empty" : "";
  }
}

bool body_fits(const syntax::Body& body, BodyType type) {
  switch (type) {
    case BodyType::kQuery:
      return std::holds_alternative<std::vector<syntax::Node>>(body.value);
    case BodyType::kVector:
      return std::holds_alternative<syntax::Vector>(body.value);
    case BodyType::kText:
      return std::holds_alternative<std::string>(body.value);
    case BodyType::kNone:
      break;
  }
  return false;
}

std::string_view body_form(BodyType type) {
  switch (type) {
    case BodyType::kQuery:
      return "(query)";
    case BodyType::kVector:
      return "[number, ...]";
    case BodyType::kText:
      return "\"text\"";
    case BodyType::kNone:
      break;
  }
  return "no body";
}

void check_bodies(const syntax::Node& node, const syntax::Operator& call, const OperatorSpec& spec,
                  std::vector<syntax::Diagnostic>& diagnostics) {
  using Severity = syntax::Diagnostic::Severity;
  for (const syntax::Body& body : call.bodies) {
    if (!body_fits(body, spec.body)) {
      diagnostics.push_back(
          {Severity::kError, body.range,
           "{!" + call.name + "} takes " + std::string(body_form(spec.body)) + " here",
           spec.body == BodyType::kNone ? "put a blank before a clause that follows an operator" : ""});
    }
  }
  if (call.bodies.size() < spec.least_bodies || call.bodies.size() > spec.most_bodies) {
    const std::string expected =
        spec.least_bodies == spec.most_bodies
            ? std::to_string(spec.least_bodies)
            : std::to_string(spec.least_bodies) + " to " + std::to_string(spec.most_bodies);
    diagnostics.push_back(
        {Severity::kError, node.range,
         "{!" + call.name + "} has " + std::to_string(call.bodies.size()) + " bodies, expected " + expected,
         "a body follows its operator without a blank: {!" + call.name + "}" +
             std::string(spec.body == BodyType::kNone ? "" : body_form(spec.body))});
  }
}

}  // namespace

std::span<const OperatorSpec> operator_table() {
  return kOperators;
}

const Arguments::Entry* Arguments::find(std::string_view key) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.spec->name == key; });
  return found == entries_.end() ? nullptr : &*found;
}

bool Arguments::given(std::string_view key) const {
  const Entry* entry = find(key);
  return entry != nullptr && entry->given;
}

std::string Arguments::text(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? std::string() : entry->text;
}

double Arguments::number(std::string_view key) const {
  double value = 0;
  parse_number(text(key), value);
  return value;
}

std::size_t Arguments::count(std::string_view key) const {
  return static_cast<std::size_t>(number(key));
}

std::vector<double> Arguments::numbers(std::string_view key) const {
  std::vector<double> values;
  const std::string list = text(key);
  if (list.empty()) return values;
  for (const std::string_view part : split(list, ',')) parse_number(part, values.emplace_back());
  return values;
}

const std::vector<index::Event>* Arguments::session(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr || entry->bound == nullptr ? nullptr
                                                     : std::get_if<std::vector<index::Event>>(entry->bound);
}

const std::vector<double>* Arguments::vector(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr || entry->bound == nullptr ? nullptr
                                                     : std::get_if<std::vector<double>>(entry->bound);
}

std::optional<Arguments> resolve_arguments(const syntax::Node& node, const Params& params,
                                           const Limits& limits,
                                           std::vector<syntax::Diagnostic>& diagnostics) {
  using Severity = syntax::Diagnostic::Severity;
  const auto& call = std::get<syntax::Operator>(node.expression);
  const std::size_t before = diagnostics.size();
  const auto spec =
      std::find_if(kOperators.begin(), kOperators.end(), [&](const auto& s) { return s.name == call.name; });
  if (spec == kOperators.end()) {
    std::vector<std::string_view> names;
    for (const OperatorSpec& known : kOperators) names.push_back(known.name);
    const std::string near = index::nearest_name(call.name, names);
    diagnostics.push_back(
        {Severity::kError, node.range, "there is no operator {!" + call.name + "}",
         near.empty() ? "known are session, knn, hybrid and suggest" : "did you mean {!" + near + "}?"});
    return std::nullopt;
  }

  Arguments arguments;
  for (const KeySpec& key : spec->keys)
    arguments.entries_.push_back({&key, false, std::string(key.standard), nullptr});
  for (const syntax::Argument& argument : call.arguments) {
    const auto entry = std::find_if(arguments.entries_.begin(), arguments.entries_.end(),
                                    [&](const auto& e) { return e.spec->name == argument.key; });
    if (entry == arguments.entries_.end()) {
      std::vector<std::string_view> names;
      for (const KeySpec& key : spec->keys) names.push_back(key.name);
      const std::string near = index::nearest_name(argument.key, names);
      diagnostics.push_back({Severity::kError, argument.range,
                             "{!" + call.name + "} has no key `" + argument.key + "`",
                             near.empty() ? "" : "did you mean `" + near + "`?"});
      continue;
    }
    entry->given = true;
    entry->text = argument.value.text;
    if (argument.value.kind == syntax::Value::Kind::kParam) {
      const auto bound = params.find(argument.value.text);
      if (bound == params.end()) {
        diagnostics.push_back({Severity::kError, argument.value.range,
                               "no parameter is named $" + argument.value.text,
                               "send it with the request, or quote the text"});
        continue;
      }
      entry->bound = &bound->second;
      if (const auto* text = std::get_if<std::string>(&bound->second)) entry->text = *text;
      if (const auto* number = std::get_if<double>(&bound->second)) entry->text = format_number(*number);
      if (const auto* truth = std::get_if<bool>(&bound->second)) entry->text = *truth ? "true" : "false";
    }
    const std::string fault = fault_of(*entry->spec, entry->text, entry->bound, limits);
    if (!fault.empty()) {
      diagnostics.push_back({Severity::kError, argument.value.range, "`" + argument.key + "`: " + fault, ""});
    }
  }
  check_bodies(node, call, *spec, diagnostics);
  if (diagnostics.size() != before) return std::nullopt;
  return arguments;
}

std::string operator_reference() {
  std::ostringstream out;
  for (const OperatorSpec& spec : kOperators) {
    out << "### `{!" << spec.name << "}`\n\n"
        << spec.meaning << ".\n\n| key | default | bounds | meaning |\n|---|---|---|---|\n";
    for (const KeySpec& key : spec.keys) {
      out << "| `" << key.name << "` | "
          << (key.standard.empty() ? "" : "`" + std::string(key.standard) + "`") << " | ";
      if (key.type == KeyType::kChoice) out << key.choices;
      if (key.type == KeyType::kInteger)
        out << format_number(key.least) << " to "
            << (key.most != 0 ? format_number(key.most) : "the limit (10,000)");
      if (key.type == KeyType::kNumbers) out << "each at least 0";
      if (key.type == KeyType::kNumber && key.most < kUnbounded)
        out << format_number(key.least) << " to " << format_number(key.most);
      if (key.type == KeyType::kSeen) out << "N of `last:N`: 1 to " << kMostLeftOut;
      out << " | " << key.meaning << " |\n";
    }
    out << '\n';
  }
  return out.str();
}

}  // namespace segue::query
