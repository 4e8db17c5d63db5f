#include "index/model/content_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/model/sparse_scores.h"
#include "index/top_items.h"
#include "kernels/error.h"

namespace segue::index {

class ContentModel::Session final : public EncodedSession {
 public:
  Session(const ContentModel& model, Profile profile)
      : model_(model), profile_(std::move(profile.unit)), parts_(std::move(profile.parts)) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    return model_.vectors_->search(profile_, k, allowed);
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    model_.vectors_->score(profile_, items, scores);
  }
  ScoreMoments moments(ItemGroup group) const override {
    return model_.groups_[static_cast<std::size_t>(group)].of(profile_);
  }
  std::vector<ScoredItem> because(ItemId item, std::size_t k) const override {
    const ContentSpace& space = *model_.space_;
    const std::size_t row = space.row(item);
    if (row == ContentSpace::kNoRow) return {};
    SparseScores sums(parts_.size());
    for (const ScoredItem& part : parts_) {
      const auto a = space.vectors().row_span(row);
      const auto b = space.vectors().row_span(space.row(part.item));
      double cosine = 0;
      for (std::size_t c = 0; c < a.size(); ++c)
        cosine += static_cast<double>(a[c]) * static_cast<double>(b[c]);
      sums.add(part.item, part.score * cosine);
    }
    std::vector<ScoredItem> best = sums.entries();
    keep_best(best, k);
    return best;
  }

 private:
  const ContentModel& model_;
  std::vector<float> profile_;
  std::vector<ScoredItem> parts_;
};

ContentModel::ContentModel(std::shared_ptr<const ContentSpace> space,
                           std::shared_ptr<const VectorIndex> vectors, const Catalogue& catalogue,
                           const kernels::Backend& backend)
    : space_(std::move(space)), vectors_(std::move(vectors)) {
  const std::vector<ItemId> items(space_->vocabulary().begin(), space_->vocabulary().end());
  if (!vectors_) vectors_ = VectorIndex::build(space_->vectors(), items, Metric::kCosine, "Flat");
  const bool fits = vectors_->size() == items.size() && vectors_->dimension() == space_->width() &&
                    vectors_->metric() == Metric::kCosine &&
                    std::all_of(items.begin(), items.end(), [&](ItemId i) { return vectors_->contains(i); });
  if (!fits) {
    throw Error(ErrorKind::kDamagedStore, "the content space and its vector index do not belong together", {},
                "restore the snapshot or run reindex again");
  }
  const auto moments = [&](const ItemSet& group) {
    return RowMoments(space_->vectors(), space_->vocabulary(), group, backend);
  };
  groups_[static_cast<std::size_t>(ItemGroup::kSearchable)] = moments(catalogue.searchable());
  groups_[static_cast<std::size_t>(ItemGroup::kQueries)] = moments(catalogue.queries());
}

ContentModel::~ContentModel() = default;

ContentModel::Profile ContentModel::profile(const SessionView& session) const {
  const ContentOptions& options = space_->options();
  std::vector<double> sum(space_->width());
  const auto add = [&](std::span<const float> vector, std::size_t k) {
    const double weight = std::pow(static_cast<double>(k), -options.recency);
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * static_cast<double>(vector[c]);
    return weight;
  };
  Profile profile;
  std::size_t k = 0;
  for (std::size_t i = session.items.size(); i-- > 0 && k < options.history;) {
    const std::size_t row = space_->row(session.items[i]);
    if (row != ContentSpace::kNoRow)
      profile.parts.push_back({session.items[i], add(space_->vectors().row_span(row), ++k)});
  }
  k = 0;
  for (std::size_t i = session.texts.size(); i-- > 0 && k < options.history;) {
    const std::vector<float> vector = space_->of_text(session.texts[i]);
    if (!vector.empty()) add(vector, ++k);
  }
  double squares = 0;
  for (const double x : sum) squares += x * x;
  // Vectors that cancel each other out leave nothing to go by.
  if (!(squares > 1e-12)) return {};
  const double norm = std::sqrt(squares);
  for (const double x : sum) profile.unit.push_back(static_cast<float>(x / norm));
  for (ScoredItem& part : profile.parts) part.score /= norm;
  return profile;
}

std::unique_ptr<EncodedSession> ContentModel::encode(const SessionView& session) const {
  Profile found = profile(session);
  return found.unit.empty() ? nullptr : std::make_unique<Session>(*this, std::move(found));
}

}  // namespace segue::index
