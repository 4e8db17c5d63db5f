#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "index/catalogue.h"
#include "index/input/text_file.h"

/// What the benchmark programs read: key=value arguments and files of histories.
namespace segue::index::testing {

/// Constants of the command line, each asked for with its default.
class Arguments {
 public:
  /// first: the place of the first of them.
  Arguments(int argc, char** argv, int first) {
    for (int i = first; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals == std::string::npos) throw std::runtime_error("not key=value: " + argument);
      values_[argument.substr(0, equals)] = std::stod(argument.substr(equals + 1));
    }
  }
  double real(const std::string& key, double standard) const {
    const auto found = values_.find(key);
    return found == values_.end() ? standard : found->second;
  }
  std::size_t count(const std::string& key, std::size_t standard) const {
    return static_cast<std::size_t>(real(key, static_cast<double>(standard)));
  }

 private:
  std::map<std::string, double> values_;
};

using Histories = std::vector<std::vector<ItemId>>;

/// The items of each user with three or more, from lines "user item" in time order; users by their number.
inline Histories read_histories(const std::string& file) {
  LineReader reader(file);
  std::map<std::size_t, std::vector<ItemId>> by_user;
  std::string_view line;
  while (reader.next(line)) {
    std::size_t user = 0;
    ItemId item = 0;
    const char* end = line.data() + line.size();
    const auto first = std::from_chars(line.data(), end, user);
    if (first.ec != std::errc{} || first.ptr == end ||
        std::from_chars(first.ptr + 1, end, item).ec != std::errc{}) {
      throw std::runtime_error(reader.where() + ": not \"user item\"");
    }
    by_user[user].push_back(item);
  }
  Histories histories;
  for (auto& [user, items] : by_user) {
    if (items.size() >= 3) histories.push_back(std::move(items));
  }
  return histories;
}

/// Items 0 to the largest of the histories, their ids in the order of their numbers.
inline Catalogue catalogue_of(const Histories& histories) {
  ItemId largest = 0;
  for (const auto& history : histories) {
    for (const ItemId item : history) largest = std::max(largest, item);
  }
  std::vector<Item> items(largest + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string digits = std::to_string(i);
    items[i].id = std::string(10 - digits.size(), '0') + digits;
  }
  return Catalogue(std::move(items));
}

}  // namespace segue::index::testing
