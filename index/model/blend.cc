#include "index/model/blend.h"

#include <algorithm>
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
      best.shares[r * parts_.size() + p] = {raw[r], z, parts_[p].weight * z};
    }
  }
  return best;
}

void BlendedSession::score(std::span<const ItemId> items, std::span<double> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0);
  std::vector<double> raw(items.size());
  for (const Part& part : parts_) {
    part.session->score(items, raw);
    for (std::size_t i = 0; i < raw.size(); ++i) scores[i] += part.weight * part.z(raw[i]);
  }
}

void BlendedSession::score_all(std::span<double> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0);
  std::vector<double> raw(scores.size());
  for (const Part& part : parts_) {
    part.session->score_all(raw);
    for (std::size_t i = 0; i < raw.size(); ++i) scores[i] += part.weight * part.z(raw[i]);
  }
}

Blend::Blend(BlendWeights weights, std::span<const SessionModel* const> models)
    : weights_(std::move(weights)) {
  if (weights_.models.size() != weights_.weights.size()) {
    throw std::invalid_argument("a blend needs one weight per model");
  }
  for (std::size_t m = 0; m < weights_.models.size(); ++m) {
    const std::string& name = weights_.models[m];
    if (!(weights_.weights[m] > 0)) throw std::invalid_argument("the weight of " + name + " is not above 0");
    const auto found = std::find_if(models.begin(), models.end(),
                                    [&](const SessionModel* model) { return model->name() == name; });
    if (found == models.end()) throw std::invalid_argument("the blend's model " + name + " is not there");
    models_.push_back(*found);
  }
}

std::unique_ptr<BlendedSession> Blend::encode(const SessionView& session, ItemGroup group) const {
  std::vector<BlendedSession::Part> parts;
  for (std::size_t m = 0; m < models_.size(); ++m) {
    auto encoded = models_[m]->encode(session);
    if (!encoded) continue;
    const ScoreMoments moments = encoded->moments(group);
    parts.push_back({models_[m], weights_.weights[m], std::move(encoded), moments});
  }
  return parts.empty() ? nullptr : std::make_unique<BlendedSession>(std::move(parts));
}

BlendedTop Blend::top(const SessionView& session, std::size_t k, const ItemSet* allowed,
                      ItemGroup group) const {
  const auto blended = encode(session, group);
  return blended ? blended->top(k, allowed) : BlendedTop{};
}

}  // namespace segue::index
