// libFuzzer: any bytes parse to a tree whose canonical text reads back as the same tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "query/syntax/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace segue::query::syntax;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParseLimits limits{.bytes = 1 << 20, .clauses = 1 << 16, .depth = 64, .operators = size % 8 != 0};
  const ParseResult parsed = parse(text, limits);
  const ParseResult again = parse(print(parsed.tree), limits);
  if (!(again.tree == parsed.tree) || (parsed.ok() && !again.ok())) std::abort();
  return 0;
}
