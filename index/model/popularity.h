#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/half_life.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"

namespace segue::index {

/// How often each item occurs, whatever the session: the baseline, and the answer when a session says
/// nothing. With a half-life old events fade. The score of an item is log(1 + its faded count), which ranks
/// as the count does and keeps z-scores from being ruled by a few bestsellers. Every item has a score.
/// Immutable, thread-safe; the catalogue is only read by train() and open().
class Popularity final : public SessionModel {
 public:
  /// A count is the sum of the weights of the item's events; without any event, the item's prior weight. The
  /// half-life is forgotten where no event has a time.
  static std::unique_ptr<Popularity> train(const TrainingData& data, const Catalogue& catalogue,
                                           const HalfLife& half_life = {});
  /// models/popularity.safetensors. Throws Error (kDamagedStore) when the file does not fit the catalogue.
  static std::unique_ptr<Popularity> open(const std::filesystem::path& file, const Catalogue& catalogue);
  /// counts F32 [items]; with a half-life also faded F32 [items], and half_life in the metadata. Throws Error
  /// (kResource).
  void save(const std::filesystem::path& file) const;

  /// By ItemId, whatever their age: how much is known of an item.
  std::span<const float> counts() const noexcept { return counts_; }
  /// By ItemId, old events faded: how popular it is now. Without a half-life counts().
  std::span<const float> faded() const noexcept { return half_life_ ? faded_ : counts_; }
  const HalfLife& half_life() const noexcept { return half_life_; }
  /// The same counts without a half-life.
  std::unique_ptr<Popularity> unfaded(const Catalogue& catalogue) const;

  std::string_view name() const noexcept override { return "popularity"; }
  bool knows(ItemId item) const override { return item < counts_.size(); }
  /// Never null, not even for an empty session.
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  /// faded: empty without a half-life.
  Popularity(std::vector<float> counts, std::vector<float> faded, const HalfLife& half_life,
             const Catalogue& catalogue);

  std::vector<float> counts_;
  std::vector<float> faded_;
  HalfLife half_life_;
  std::vector<double> scores_;
  std::vector<ItemId> order_;  // all items, best first
  ScoreMoments searchable_;
  ScoreMoments queries_;
};

}  // namespace segue::index
