#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace segue::index {

/// Ranges of a number, such as the length of a session: class c holds what is at least starts[c] and below
/// starts[c + 1], the last class all that is more. A value.
struct CountClasses {
  std::vector<double> starts;  ///< rising; what is below the first belongs to class 0, too

  std::size_t size() const noexcept { return starts.size(); }
  /// The class of a number; 0 where there are no classes.
  std::size_t of(double number) const;
  /// "1", "4-7", "100 and more".
  std::string label(std::size_t of) const;
  friend bool operator==(const CountClasses&, const CountClasses&) = default;
};

/// Of sessions, by their events on items: 1, 2-3, 4-7, 8-15, 16-31, 32 and more.
CountClasses session_length_classes();
/// Of items, by their events in training: 0, 1-4, 5-19, 20-99, 100 and more.
CountClasses item_frequency_classes();

}  // namespace segue::index
