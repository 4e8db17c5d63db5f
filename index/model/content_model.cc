#include "index/model/content_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/error.h"

namespace segue::index {

class ContentModel::Session final : public EncodedSession {
 public:
  Session(const ContentModel& model, std::vector<float> profile)
      : model_(model), profile_(std::move(profile)) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    return model_.vectors_->search(profile_, k, allowed);
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    model_.vectors_->score(profile_, items, scores);
  }
  ScoreMoments moments(ItemGroup group) const override {
    return model_.groups_[static_cast<std::size_t>(group)].of(profile_);
  }

 private:
  const ContentModel& model_;
  std::vector<float> profile_;
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

std::vector<float> ContentModel::profile(const SessionView& session) const {
  const ContentOptions& options = space_->options();
  std::vector<double> sum(space_->width());
  const auto add = [&](std::span<const float> vector, std::size_t k) {
    const double weight = std::pow(static_cast<double>(k), -options.recency);
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * static_cast<double>(vector[c]);
  };
  std::size_t k = 0;
  for (std::size_t i = session.items.size(); i-- > 0 && k < options.history;) {
    const std::size_t row = space_->row(session.items[i]);
    if (row != ContentSpace::kNoRow) add(space_->vectors().row_span(row), ++k);
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
  std::vector<float> unit(sum.size());
  for (std::size_t c = 0; c < unit.size(); ++c) unit[c] = static_cast<float>(sum[c] / std::sqrt(squares));
  return unit;
}

std::unique_ptr<EncodedSession> ContentModel::encode(const SessionView& session) const {
  auto unit = profile(session);
  return unit.empty() ? nullptr : std::make_unique<Session>(*this, std::move(unit));
}

}  // namespace segue::index
