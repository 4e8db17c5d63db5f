#include "index/reindex/best_neighbours.h"

namespace segue::index {

void choose_neighbours(const ModelSet& models, std::span<const EvaluationRow> table, Manifest& manifest) {
  std::string best;
  double best_ndcg = -1;
  for (const SessionModel* model : {static_cast<const SessionModel*>(models.session_neighbours.get()),
                                    static_cast<const SessionModel*>(models.item_neighbours.get()),
                                    static_cast<const SessionModel*>(models.user_neighbours.get())}) {
    if (model == nullptr) continue;
    double ndcg = 0;
    for (const EvaluationRow& row : table) {
      const auto found = row.metrics.find(kNdcg10.name());
      if (row.model == model->name() && found != row.metrics.end()) ndcg = found->second;
    }
    if (ndcg > best_ndcg) {
      best = model->name();
      best_ndcg = ndcg;
    }
  }
  if (!best.empty()) manifest.training["neighbours"]["best"] = best;
}

}  // namespace segue::index
