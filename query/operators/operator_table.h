#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/limits.h"
#include "query/params.h"
#include "query/syntax/ast.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// What may stand on the right of key=.
enum class KeyType { kInteger, kNumber, kNumbers, kChoice, kText, kSession, kVector, kSeen, kQuery, kTyped };

/// One key of an operator: the table drives the checks, the defaults and the reference page.
struct KeySpec {
  std::string_view name;
  KeyType type;
  std::string_view standard;  ///< the default as text; empty: none
  double least = 0;           ///< bounds of numbers
  double most = 0;            ///< 0: the limit of the request (Limits::top_k)
  std::string_view choices;   ///< of kChoice, separated by blanks
  std::string_view meaning;
};

enum class BodyType { kNone, kQuery, kVector, kText };

struct OperatorSpec {
  std::string_view name;
  std::string_view meaning;
  std::span<const KeySpec> keys;
  BodyType body = BodyType::kNone;
  std::size_t least_bodies = 0;
  std::size_t most_bodies = 0;
};

/// Every operator of this version.
std::span<const OperatorSpec> operator_table();

/// The arguments of one operator, checked, with defaults filled in and parameters looked up. Views the
/// parameters that it was made from.
class Arguments {
 public:
  bool given(std::string_view key) const;        ///< written in the query, rather than by default
  std::string text(std::string_view key) const;  ///< empty when there is none
  double number(std::string_view key) const;
  std::size_t count(std::string_view key) const;  ///< of kInteger
  std::vector<double> numbers(std::string_view key) const;
  const std::vector<index::Event>* session(std::string_view key) const;  ///< null when there is none
  const std::vector<double>* vector(std::string_view key) const;         ///< null when there is none

 private:
  friend std::optional<Arguments> resolve_arguments(const syntax::Node&, const Params&, const Limits&,
                                                    std::vector<syntax::Diagnostic>&);
  struct Entry {
    const KeySpec* spec;
    bool given = false;
    std::string text;
    const ParamValue* bound = nullptr;
  };
  const Entry* find(std::string_view key) const;
  std::vector<Entry> entries_;
};

/// Checks the operator in `node` against the table: its name, keys, values, bounds and bodies. Every fault
/// becomes an error with its range, and the nearest known name where one is unknown; then the result is
/// empty. `params` must outlive it.
std::optional<Arguments> resolve_arguments(const syntax::Node& node, const Params& params,
                                           const Limits& limits,
                                           std::vector<syntax::Diagnostic>& diagnostics);

/// The reference page of the operators as Markdown (docs/query-language.md holds it between two marks).
std::string operator_reference();

}  // namespace segue::query
