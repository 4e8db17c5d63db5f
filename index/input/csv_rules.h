#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// A test of one field.
class FieldTest {
 public:
  enum class Kind { kAlways, kEmpty, kEquals, kPrefix, kPattern, kAtMost, kAtLeast, kNoNumber };

  static FieldTest always() { return FieldTest(Kind::kAlways); }
  static FieldTest empty() { return FieldTest(Kind::kEmpty); }
  static FieldTest no_number() { return FieldTest(Kind::kNoNumber); }
  static FieldTest equals(std::vector<std::string> texts) { return {Kind::kEquals, std::move(texts)}; }
  static FieldTest prefix(std::vector<std::string> texts) { return {Kind::kPrefix, std::move(texts)}; }
  /// True where the number is at most (at least) the bound; never for a field that is no number.
  static FieldTest at_most(double bound) { return {Kind::kAtMost, bound}; }
  static FieldTest at_least(double bound) { return {Kind::kAtLeast, bound}; }
  /// A regular expression (ECMAScript) that must be found in the first 4,096 bytes of the field. Throws
  /// std::invalid_argument with the reason.
  static FieldTest pattern(const std::string& expression);

  bool operator()(std::string_view field) const;

 private:
  struct Pattern;
  explicit FieldTest(Kind kind) : kind_(kind) {}
  FieldTest(Kind kind, std::vector<std::string> texts) : kind_(kind), texts_(std::move(texts)) {}
  FieldTest(Kind kind, double bound) : kind_(kind), bound_(bound) {}

  Kind kind_;
  std::vector<std::string> texts_;
  double bound_ = 0;
  std::shared_ptr<const Pattern> pattern_;
};

/// A row that the test is true for is dropped.
struct DropRule {
  std::string name;
  std::string column;
  FieldTest test = FieldTest::always();
  bool unless = false;  ///< dropped where the test is false instead
};

/// A field that the test is true for is changed. A rule has one change.
struct MendRule {
  enum class Change { kUpper, kLower, kSet, kRemovePrefix, kRemoveSuffix };
  std::string name;
  std::string column;
  FieldTest test = FieldTest::always();
  Change change = Change::kSet;
  std::string text;  ///< what is set or removed

  /// Whether the field was changed.
  bool apply(std::string& field) const;
};

/// The whole text as a number: digits, sign, point, exponent; blanks around it do not count. Nothing for
/// anything else.
std::optional<double> parse_number(std::string_view text);

}  // namespace segue::index
