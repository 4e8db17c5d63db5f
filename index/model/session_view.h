#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "index/item.h"
#include "index/model/context_sets.h"

namespace segue::index {

/// A session as models take it: what is known of it, oldest event first. Models look at what they can use.
/// Views, valid for the call.
struct SessionView {
  std::span<const ItemId> items;            ///< the events on items
  std::span<const double> times;            ///< of each of them, seconds since 1970, NaN: unknown; or empty
  std::span<const std::uint32_t> contexts;  ///< the set of each of them, or empty: nothing is known
  std::uint32_t request = ContextSets::kNone;             ///< the set of the moment that is asked for
  double now = std::numeric_limits<double>::quiet_NaN();  ///< that moment; NaN: unknown
  const ContextSets* sets = nullptr;   ///< what the numbers above mean; null: they are not used
  std::span<const std::string> texts;  ///< typed texts that are no items

  SessionView() = default;
  /// Items alone: a vector, an array or a span of them.
  template <class Items>
  requires std::convertible_to<const Items&, std::span<const ItemId>> SessionView(const Items& of)
      : items(of) {}  // NOLINT(google-explicit-constructor): a session is mostly this

  /// The values that were known with item number i, and with the request.
  std::span<const ContextId> context_of(std::size_t i) const {
    return sets == nullptr || contexts.empty() ? std::span<const ContextId>() : (*sets)[contexts[i]];
  }
  std::span<const ContextId> request_context() const {
    return sets == nullptr ? std::span<const ContextId>() : (*sets)[request];
  }
};

}  // namespace segue::index
