#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/popularity.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"

namespace segue::index {

/// Popularity as the request's context shifts it, whatever the session: what to show on a phone on a Monday
/// to somebody of whom nothing is known yet.
///
///   score(i) = popularity's score of i + sum_c lift(c, i),
///   lift(c, i) = ln((n_ci + smoothing) / (n_c n_i / n + smoothing))
///
/// over the request's values of context c; n_ci counts the events on item i in context c, by their weights.
/// Popularity's score may fade (half_life.h); lifts count all events: what a context prefers changes less
/// than fashions do, and a context has few events as it is. The second fraction is what would be expected
/// were item and context independent; the smoothing pulls few events towards no lift at all (the mean of a
/// Gamma prior, as DuMouchel's empirical Bayes, 1999). Lifts of less than kLeastLift are not kept. Immutable,
/// thread-safe; popularity and catalogue outlive it.
class ContextPopularity final : public SessionModel {
 public:
  static constexpr double kSmoothing = 5;
  static constexpr double kLeastLift = 0.05;

  /// Null for data without context.
  static std::unique_ptr<ContextPopularity> train(const TrainingData& data, const Popularity& popularity,
                                                  const Catalogue& catalogue);
  /// models/context_popularity.safetensors. Throws Error (kDamagedStore) when the file does not fit the
  /// catalogue or has another number of values.
  static std::unique_ptr<ContextPopularity> open(const std::filesystem::path& file, std::size_t values,
                                                 const Popularity& popularity, const Catalogue& catalogue);
  /// offsets I64 [values + 1], items I32 [entries], lifts F32 [entries]. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  std::size_t values() const noexcept { return offsets_.size() - 1; }
  /// The lifts of one value of context, by rising item: items and lifts of equal length.
  std::span<const ItemId> items(ContextId value) const;
  std::span<const float> lifts(ContextId value) const;

  std::string_view name() const noexcept override { return "context-popularity"; }
  /// Never: no item of a session matters to it.
  bool knows(ItemId /*item*/) const override { return false; }
  /// Null for a request without a known value of context.
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;
  bool needs_session() const override { return false; }

 private:
  class Session;
  ContextPopularity(const Popularity& popularity, const Catalogue& catalogue)
      : popularity_(popularity), catalogue_(catalogue) {}

  const Popularity& popularity_;
  const Catalogue& catalogue_;
  std::vector<std::size_t> offsets_{0};
  std::vector<ItemId> items_;
  std::vector<float> lifts_;
};

}  // namespace segue::index
