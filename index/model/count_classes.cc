#include "index/model/count_classes.h"

#include <algorithm>
#include <stdexcept>

namespace segue::index {

std::size_t CountClasses::of(double number) const {
  const auto after = std::upper_bound(starts.begin(), starts.end(), number);
  return after == starts.begin() ? 0 : static_cast<std::size_t>(after - starts.begin()) - 1;
}

std::string CountClasses::label(std::size_t of) const {
  if (of >= size()) throw std::invalid_argument("there is no such class");
  const auto text = [](double number) { return std::to_string(static_cast<long long>(number)); };
  if (of + 1 == size()) return text(starts[of]) + " and more";
  const double last = starts[of + 1] - 1;
  return last > starts[of] ? text(starts[of]) + "-" + text(last) : text(starts[of]);
}

CountClasses session_length_classes() {
  return {{1, 2, 4, 8, 16, 32}};
}

CountClasses item_frequency_classes() {
  return {{0, 1, 5, 20, 100}};
}

}  // namespace segue::index
