#include "index/input/csv_config.h"

#include <limits>
#include <optional>
#include <stdexcept>

#include "index/input/text_file.h"
#include "index/input/time.h"
#include "index/input/toml_document.h"

namespace segue::index {
namespace {

constexpr double kHighest = std::numeric_limits<double>::max();

const std::vector<std::string> kChoices = {"most frequent", "first", "last", "median"};

void read_choice(TomlTable& table, Choice& choice, bool numeric) {
  std::string name = kChoices[static_cast<std::size_t>(choice)];
  table.read_choice("choose", name, kChoices);
  for (std::size_t i = 0; i < kChoices.size(); ++i) {
    if (name == kChoices[i]) choice = static_cast<Choice>(i);
  }
  if (choice == Choice::kMedian && !numeric)
    table.fail("choose", "is \"median\", which only numbers have", "choose \"most frequent\"");
}

void read_csv(TomlTable table, CsvOptions& options) {
  std::string delimiter(1, options.delimiter);
  if (table.read("delimiter", delimiter) &&
      (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r")) {
    table.fail("delimiter", "is not one character", "for example \";\" or \"\\t\"");
  }
  options.delimiter = delimiter.front();
  std::string encoding = "utf-8";
  table.read_choice("encoding", encoding, {"utf-8", "latin1"});
  options.encoding = encoding == "utf-8" ? TextEncoding::kUtf8 : TextEncoding::kLatin1;
  table.finish();
}

CsvImportConfig::Attribute read_attribute(TomlTable table) {
  CsvImportConfig::Attribute attribute;
  if (!table.read("column", attribute.column) || attribute.column.empty())
    table.fail("column", "is missing", "name the column");
  const std::vector<std::string> types = {"text", "number", "boolean", "list"};
  std::string type = types.front();
  table.read_choice("type", type, types);
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (type == types[i]) attribute.type = static_cast<CsvImportConfig::Attribute::Type>(i);
  }
  read_choice(table, attribute.choose, type == "number");
  table.read("separator", attribute.separator);
  if (attribute.separator.empty()) table.fail("separator", "is empty", "for example \";\"");
  table.finish();
  return attribute;
}

void read_columns(TomlTable table, CsvImportConfig& config) {
  CsvImportConfig::Columns& columns = config.columns;
  table.read("item", columns.item);
  table.read("query", columns.query);
  table.read("title", columns.title);
  table.read("text", columns.text);
  table.read("kind", columns.kind);
  table.read("user", columns.user);
  table.read("session", columns.session);
  table.read("time", columns.time);
  table.read("action", columns.action);
  table.read("rating", columns.rating);
  for (TomlTable& attributes : table.tables("attributes")) {
    for (const TomlValue::Entry& entry : attributes.entries()) {
      if (const auto* column = std::get_if<std::string>(&entry.value.value)) {
        config.attributes[entry.key].column = *column;
      } else {
        for (TomlTable& attribute : attributes.tables(entry.key))
          config.attributes[entry.key] = read_attribute(attribute);
      }
    }
  }
  for (TomlTable& context : table.tables("context")) {
    for (const TomlValue::Entry& entry : context.entries())
      context.read(entry.key, config.context[entry.key]);
  }
  table.finish();
  if (columns.item.empty() && columns.query.empty())
    table.fail("item", "is missing", "name the column of item ids, or of typed queries");
  if (columns.user.empty() && columns.session.empty())
    table.fail("user", "is missing", "name the column of users, or of sessions");
}

/// A string or a list of them.
std::vector<std::string> read_texts(TomlTable& table, std::string_view key) {
  std::vector<std::string> texts;
  const TomlValue* value = table.find(key);
  if (value == nullptr) return texts;
  if (const auto* text = std::get_if<std::string>(&value->value)) return {*text};
  table.read(key, texts);
  return texts;
}

/// The test of a rule, if it has one. Several are an error.
std::optional<FieldTest> read_test(TomlTable& table) {
  std::optional<FieldTest> test;
  std::string first;
  const auto note = [&](const std::string& key, FieldTest found) {
    if (!first.empty()) table.fail(key, "is a second test beside " + first, "write two rules");
    first = key;
    test = std::move(found);
  };
  bool flag = false;
  if (table.read("empty", flag) && flag) note("empty", FieldTest::empty());
  flag = false;
  if (table.read("no_number", flag) && flag) note("no_number", FieldTest::no_number());
  if (auto texts = read_texts(table, "equals"); !texts.empty())
    note("equals", FieldTest::equals(std::move(texts)));
  if (auto texts = read_texts(table, "prefix"); !texts.empty())
    note("prefix", FieldTest::prefix(std::move(texts)));
  double bound = 0;
  if (table.read("at_most", bound, -kHighest, kHighest)) note("at_most", FieldTest::at_most(bound));
  if (table.read("at_least", bound, -kHighest, kHighest)) note("at_least", FieldTest::at_least(bound));
  if (std::string expression; table.read("pattern", expression)) {
    try {
      note("pattern", FieldTest::pattern(expression));
    } catch (const std::invalid_argument& error) {
      table.fail("pattern", "is no regular expression: " + std::string(error.what()),
                 "the syntax is that of ECMAScript");
    }
  }
  return test;
}

template <typename Rule>
void read_name(TomlTable& table, Rule& rule) {
  if (!table.read("column", rule.column) || rule.column.empty())
    table.fail("column", "is missing", "name the column");
  rule.name = rule.column;
  table.read("name", rule.name);
}

DropRule read_drop(TomlTable table) {
  DropRule rule;
  read_name(table, rule);
  const std::optional<FieldTest> test = read_test(table);
  table.read("unless", rule.unless);
  table.finish();
  if (!test)
    table.fail("column", "has no test",
               "add one of empty, no_number, equals, prefix, at_most, at_least, pattern");
  rule.test = *test;
  return rule;
}

MendRule read_mend(TomlTable table) {
  MendRule rule;
  read_name(table, rule);
  rule.test = read_test(table).value_or(FieldTest::always());
  std::size_t changes = 0;
  const auto note = [&](MendRule::Change change) {
    rule.change = change;
    ++changes;
  };
  bool flag = false;
  if (table.read("upper", flag) && flag) note(MendRule::Change::kUpper);
  flag = false;
  if (table.read("lower", flag) && flag) note(MendRule::Change::kLower);
  if (table.read("set", rule.text)) note(MendRule::Change::kSet);
  if (table.read("remove_prefix", rule.text)) note(MendRule::Change::kRemovePrefix);
  if (table.read("remove_suffix", rule.text)) note(MendRule::Change::kRemoveSuffix);
  table.finish();
  if (changes != 1) {
    table.fail("column", changes == 0 ? "has no change" : "has several changes",
               "a rule has one of upper, lower, set, remove_prefix, remove_suffix");
  }
  return rule;
}

void read_events(TomlTable table, CsvImportConfig::Events& events) {
  table.read("action", events.action);
  if (events.action.empty()) table.fail("action", "is empty", "for example \"purchase\"");
  if (table.read("time_pattern", events.time_pattern)) {
    const TomlValue* value = table.find("time_pattern");
    check_time_pattern(events.time_pattern, table.place_of(*value));
  }
  std::string session = "always";
  table.read_choice("session", session, {"always", "without user"});
  events.session_without_user = session == "without user";
  table.finish();
}

}  // namespace

CsvImportConfig parse_csv_config(std::string_view toml, std::string_view name) {
  const TomlValue::Table document = parse_toml(toml, name);
  TomlTable file(document, name);
  CsvImportConfig config;
  for (const TomlTable& table : file.tables("csv")) read_csv(table, config.csv);
  std::vector<TomlTable> columns = file.tables("columns");
  for (const TomlTable& table : columns) read_columns(table, config);
  for (const TomlTable& table : file.tables("mend")) config.mend.push_back(read_mend(table));
  for (const TomlTable& table : file.tables("drop")) config.drop.push_back(read_drop(table));
  for (TomlTable& table : file.tables("duplicates")) {
    config.duplicates = read_texts(table, "columns");
    table.finish();
  }
  for (TomlTable& table : file.tables("titles")) {
    read_choice(table, config.titles.choose, false);
    table.read("sentence_case", config.titles.sentence_case);
    table.read("words", config.titles.words);
    table.finish();
  }
  for (TomlTable& table : file.tables("items")) {
    table.read("kind", config.items.kind);
    if (config.items.kind.empty()) table.fail("kind", "is empty", "for example \"product\"");
    std::string weight = "none";
    table.read_choice("weight", weight, {"none", "rows"});
    config.items.weight_by_rows = weight == "rows";
    table.finish();
  }
  for (const TomlTable& table : file.tables("events")) read_events(table, config.events);
  file.finish();
  if (columns.empty()) file.fail("columns", "is missing", "map the columns of the table under [columns]");
  return config;
}

CsvImportConfig load_csv_config(const std::filesystem::path& file) {
  return parse_csv_config(read_lines(file), file.string());
}

}  // namespace segue::index
