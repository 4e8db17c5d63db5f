#include "index/input/items_reader.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "index/input/item_id.h"
#include "index/input/json_impl.h"
#include "index/input/text_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using json::Malformed;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kLinesBetweenChecks = 4096;

std::string read_id(element value) {
  const std::string_view id = json::name("id", value);
  if (const std::string fault = item_id_fault(id); !fault.empty())
    throw Malformed("\"id\" " + fault, "choose another");
  return std::string(id);
}

bool is_reserved(std::string_view name) {
  return name == "id" || name == "kind" || name == "title" || name == "text" || name == "_all" ||
         name == "_uid";
}

/// The value as an attribute; nothing when its type is none of an attribute's.
std::optional<AttributeValue> attribute_value(std::string_view key, element value) {
  switch (value.type()) {
    case element_type::STRING:
      return std::string(json::text(key, value));
    case element_type::BOOL:
      return json::boolean(key, value);
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return json::number(key, value);
    case element_type::ARRAY: {
      std::vector<std::string> list;
      for (const element entry : simdjson::dom::array(value)) {
        if (!entry.is_string()) return {};
        list.emplace_back(json::text(key, entry));
      }
      return list;
    }
    default:
      return {};
  }
}

void read_attributes(element value, Item& item) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    throw Malformed("\"attributes\" must be an object, not " + std::string(json::type_name(value)));
  }
  for (const auto& [key, entry] : object) {
    const std::string quoted = "the attribute \"" + std::string(key) + "\"";
    if (key.empty() || key.find('\0') != std::string_view::npos)
      throw Malformed("an attribute has an empty or broken name");
    if (is_reserved(key))
      throw Malformed(quoted + " has the name of a field of every item", "give it another name");
    if (entry.is_null()) continue;
    std::optional<AttributeValue> read = attribute_value(key, entry);
    if (!read) {
      throw Malformed(quoted + " must be a string, a number, a boolean or a list of strings, not " +
                      (entry.is_array() ? "a list of other values" : std::string(json::type_name(entry))));
    }
    if (!item.attributes.emplace(key, std::move(*read)).second)
      throw Malformed(quoted + " comes twice", "keep one of them");
  }
}

/// quoted: how errors call it.
std::vector<float> read_vector(const std::string& quoted, element value) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    throw Malformed(quoted + " must be a list of numbers, not " + std::string(json::type_name(value)));
  }
  std::vector<float> out;
  out.reserve(array.size());
  for (const element entry : array) {
    const double number = json::number("vector", entry);
    if (std::fabs(number) > static_cast<double>(std::numeric_limits<float>::max())) {
      throw Malformed(quoted + " holds a number beyond 32 bits of floating point");
    }
    out.push_back(static_cast<float>(number));
  }
  if (out.empty()) throw Malformed(quoted + " is empty", "leave the key out");
  return out;
}

/// Letters, digits, _ and -: the name stands in queries and in names of files.
bool is_kind_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void read_vectors(element value, Item& item) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    throw Malformed("\"vectors\" must be an object of lists of numbers, not " +
                    std::string(json::type_name(value)));
  }
  for (const auto& [kind, entry] : object) {
    const std::string quoted = "the vector of kind \"" + std::string(kind) + "\"";
    if (!is_kind_name(kind)) {
      throw Malformed(quoted + " has a name that queries cannot write",
                      "use up to 64 letters, digits, _ and -");
    }
    constexpr std::string_view kTaken[] = {kGivenVector, "transformer", "mf", "words"};
    if (std::find(std::begin(kTaken), std::end(kTaken), kind) != std::end(kTaken)) {
      throw Malformed(quoted + " has the name of another space of vectors",
                      kind == kGivenVector ? "give it as \"vector\"" : "give it another name");
    }
    if (entry.is_null()) continue;
    if (!item.vectors.emplace(kind, read_vector(quoted, entry)).second)
      throw Malformed(quoted + " comes twice", "keep one of them");
  }
}

double read_weight(element value) {
  const double weight = json::number("weight", value);
  if (weight < 0) throw Malformed("\"weight\" is negative", "it is a count or a frequency, 0 or more");
  return weight;
}

class ItemsReader {
 public:
  ItemsReader(const std::filesystem::path& file, const ItemsOptions& options)
      : lines_(file), options_(options) {
    input_.report.file = file.string();
  }

  ItemsInput read(Progress* progress) && {
    std::string_view line;
    while (lines_.next(line)) {
      if (lines_.line_number() % kLinesBetweenChecks == 0 && progress != nullptr) {
        progress->check();
        progress->update(static_cast<double>(lines_.consumed()), static_cast<double>(lines_.size()));
      }
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      ++input_.report.lines;
      try {
        keep(parse(line));
      } catch (const Malformed& malformed) {
        const Error error(ErrorKind::kBadInput, malformed.what(), lines_.where(), malformed.mend());
        if (!options_.skip_invalid) throw error;
        input_.report.add_invalid(error.what());
      }
    }
    count();
    return std::move(input_);
  }

 private:
  Item parse(std::string_view line) {
    Item item;
    json::SeenKeys seen;
    unknown_.clear();
    for (const auto& [key, value] : parser_.parse_object(line)) {
      if (key == "id") {
        seen.add(0, key);
        item.id = read_id(value);
      } else if (key == "kind") {
        seen.add(1, key);
        if (!value.is_null()) item.kind = json::name(key, value);
      } else if (key == "title") {
        seen.add(2, key);
        if (!value.is_null()) item.title = json::text(key, value);
      } else if (key == "text") {
        seen.add(3, key);
        if (!value.is_null()) item.text = json::text(key, value);
      } else if (key == "attributes") {
        seen.add(4, key);
        if (!value.is_null()) read_attributes(value, item);
      } else if (key == "vector") {
        seen.add(5, key);
        if (!value.is_null()) item.vector = read_vector("\"vector\"", value);
      } else if (key == "weight") {
        seen.add(6, key);
        if (!value.is_null()) item.weight = read_weight(value);
      } else if (key == "vectors") {
        seen.add(7, key);
        if (!value.is_null()) read_vectors(value, item);
      } else if (!value.is_null()) {
        unknown_.emplace_back(key, value);
      }
    }
    if (item.id.empty()) throw Malformed("the key \"id\" is missing", "every item needs one");
    check_dimensions(item);
    add_unknown(item);
    return item;
  }

  void check_dimensions(const Item& item) {
    if (!item.vector.empty()) {
      check_dimension("\"vector\"", std::string(kGivenVector), item.vector.size());
      input_.report.dimension = item.vector.size();
    }
    for (const auto& [kind, vector] : item.vectors)
      check_dimension("the vector of kind \"" + kind + "\"", kind, vector.size());
  }

  void check_dimension(const std::string& quoted, const std::string& kind, std::size_t size) {
    const auto first = first_vectors_.emplace(kind, FirstVector{size, lines_.line_number()}).first->second;
    if (size == first.dimension) return;
    throw Malformed(quoted + " has " + std::to_string(size) + " numbers, that of line " +
                        std::to_string(first.line) + " has " + std::to_string(first.dimension),
                    "all vectors of a kind have the same dimension");
  }

  void add_unknown(Item& item) {
    for (const auto& [key, value] : unknown_) {
      std::optional<AttributeValue> read = attribute_value(key, value);
      const bool usable =
          read && !key.empty() && key.find('\0') == std::string_view::npos && !is_reserved(key);
      if (!usable || !item.attributes.emplace(key, std::move(*read)).second) input_.report.add_ignored(key);
    }
  }

  void keep(Item item) {
    const auto [found, added] = rows_.emplace(item.id, Row{input_.items.size(), lines_.line_number()});
    if (added) {
      input_.items.push_back(std::move(item));
      return;
    }
    if (!options_.last_wins) {
      throw Malformed(
          "the id \"" + item.id + "\" was given on line " + std::to_string(found->second.line) + " already",
          "make ids unique, or let the last line win (--last-wins)");
    }
    ++input_.report.replaced;
    found->second.line = lines_.line_number();
    input_.items[found->second.row] = std::move(item);
  }

  void count() {
    ItemsReport& report = input_.report;
    report.items = input_.items.size();
    for (const Item& item : input_.items) {
      ++report.kinds[item.kind];
      report.with_vector += item.vector.empty() ? 0 : 1;
    }
  }

  struct FirstVector {
    std::size_t dimension;
    std::size_t line;
  };
  struct Row {
    std::size_t row;
    std::size_t line;
  };

  LineReader lines_;
  ItemsOptions options_;
  json::Parser parser_;
  ItemsInput input_;
  std::unordered_map<std::string, Row> rows_;
  std::vector<std::pair<std::string_view, element>> unknown_;  // of the current line
  std::map<std::string, FirstVector> first_vectors_;           // by kind
};

}  // namespace

ItemsInput read_items(const std::filesystem::path& file, const ItemsOptions& options, Progress* progress) {
  return ItemsReader(file, options).read(progress);
}

}  // namespace segue::index
