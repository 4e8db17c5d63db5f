#include "index/model/blend.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/top_items.h"

namespace segue::index {

namespace {
/// Each part offers at least so many candidates: a blend's best items are rarely far down in all of its
/// parts.
constexpr std::size_t kMinimumCandidates = 1000;
}  // namespace

BlendedTop BlendedSession::top(std::size_t k, const ItemSet* allowed) const {
  std::vector<ItemId> candidates;
  for (const Part& part : parts_) {
    if (part.is_correction) continue;
    for (const ScoredItem& hit : part.session->top(std::max(k, kMinimumCandidates), allowed)) {
      candidates.push_back(hit.item);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());

  std::vector<double> blended(candidates.size());
  score(candidates, blended);
  BlendedTop best;
  best.parts = parts_.size();
  best.items.reserve(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) best.items.push_back({candidates[i], blended[i]});
  keep_best(best.items, k);

  candidates.clear();
  for (const ScoredItem& hit : best.items) candidates.push_back(hit.item);
  best.shares.resize(best.items.size() * parts_.size());
  std::vector<double> raw(candidates.size());
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    parts_[p].session->score(candidates, raw);
    for (std::size_t r = 0; r < raw.size(); ++r) {
      const double z = parts_[p].z(raw[r]);
      best.shares[r * parts_.size() + p] = {raw[r], z, parts_[p].weight(candidates[r]) * z};
    }
  }
  return best;
}

void BlendedSession::score(std::span<const ItemId> items, std::span<double> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0);
  std::vector<double> raw(items.size());
  for (const Part& part : parts_) {
    part.session->score(items, raw);
    for (std::size_t i = 0; i < raw.size(); ++i) scores[i] += part.weight(items[i]) * part.z(raw[i]);
  }
}

void BlendedSession::score_all(std::span<double> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0);
  std::vector<double> raw(scores.size());
  for (const Part& part : parts_) {
    part.session->score_all(raw);
    for (ItemId i = 0; i < raw.size(); ++i) scores[i] += part.weight(i) * part.z(raw[i]);
  }
}

Blend::Blend(BlendWeights weights, std::span<const SessionModel* const> models, std::span<const float> events)
    : weights_(std::move(weights)) {
  weights_.validate();
  for (const std::string& name : weights_.models) {
    const auto found = std::find_if(models.begin(), models.end(),
                                    [&](const SessionModel* model) { return model->name() == name; });
    if (found == models.end()) throw std::invalid_argument("the blend's model " + name + " is not there");
    models_.push_back(*found);
    needs_session_.push_back((*found)->needs_session());
  }
  // Without counts the last class stands for all items.
  const std::size_t counts = weights_.counts.size();
  const std::size_t first = events.empty() && counts > 0 ? counts - 1 : 0;
  item_classes_ = std::max<std::size_t>(1, counts) - first;
  for (std::size_t l = 0; l < std::max<std::size_t>(1, weights_.lengths.size()); ++l) {
    for (std::size_t m = 0; m < models_.size(); ++m) {
      for (std::size_t c = 0; c < item_classes_; ++c) table_.push_back(weights_.at(m, l, first + c));
    }
  }
  if (item_classes_ == 1) return;
  for (const float count : events) {
    classes_.push_back(static_cast<std::uint8_t>(weights_.counts.of(static_cast<double>(count))));
  }
}

void Blend::correct_popularity(const SessionModel& popularity, double strength) {
  if (!(strength >= 0 && std::isfinite(strength)))
    throw std::invalid_argument("a correction of popularity below 0");
  popularity_ = &popularity;
  correction_ = -strength;
}

std::unique_ptr<BlendedSession> Blend::encode(const SessionView& session, ItemGroup group) const {
  std::vector<BlendedSession::Part> parts;
  bool known = false;
  const std::size_t length = weights_.lengths.of(static_cast<double>(session.items.size()));
  for (std::size_t m = 0; m < models_.size(); ++m) {
    const std::span<const double> weights(table_.data() + (length * models_.size() + m) * item_classes_,
                                          item_classes_);
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) continue;
    auto encoded = models_[m]->encode(session);
    if (!encoded) continue;
    // What ranks newcomers alone (class 0 of several) cannot tell the other items apart.
    const bool ranks_others = std::any_of(weights.begin() + (weights.size() > 1 ? 1 : 0), weights.end(),
                                          [](double weight) { return weight > 0; });
    known = known || (needs_session_[m] != 0 && ranks_others);
    const ScoreMoments moments = encoded->moments(group);
    parts.push_back({models_[m], std::move(encoded), moments, weights, classes_});
  }
  if (known && correction_ < 0) {
    auto encoded = popularity_->encode(session);
    const ScoreMoments moments = encoded->moments(group);
    parts.push_back({popularity_, std::move(encoded), moments, {&correction_, 1}, {}, true});
  }
  return known ? std::make_unique<BlendedSession>(std::move(parts)) : nullptr;
}

BlendedTop Blend::top(const SessionView& session, std::size_t k, const ItemSet* allowed,
                      ItemGroup group) const {
  const auto blended = encode(session, group);
  return blended ? blended->top(k, allowed) : BlendedTop{};
}

}  // namespace segue::index
