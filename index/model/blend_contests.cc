#include "index/model/blend_contests.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace segue::index {
namespace {

/// Up to so many items all compete for a place; of more, those among the best of a part.
constexpr std::size_t kWholeGroup = 500;
constexpr std::size_t kCandidatesPerPart = 200;
/// Items that compete in any case: a sparse model needs the company of some that it does not score, more of
/// them than have a place in the figure.
constexpr std::size_t kCompany = 50;
constexpr std::size_t kSequencesPerReport = 64;

class ContestMaker {
 public:
  explicit ContestMaker(const BlendFitTask& task) : task_(task) {
    for (ItemId i = 0; i < task.searchable->size(); ++i) {
      if (task.searchable->contains(i)) group_.push_back(i);
    }
  }

  /// False where no weights can bring the target forward.
  bool make(const HeldOut& held_out, BlendContest& contest) const {
    if (!task_.searchable->contains(held_out.target)) {
      throw std::invalid_argument("a held-out target is outside the searchable items");
    }
    ItemSet allowed = *task_.searchable;
    for (const ItemId item : left_out(task_.seen, held_out.view())) {
      if (allowed.contains(item)) allowed.erase(item);
    }
    if (!allowed.contains(held_out.target)) return false;
    std::vector<std::unique_ptr<EncodedSession>> sessions;
    for (const SessionModel* model : task_.models) sessions.push_back(model->encode(held_out.view()));
    std::vector<ItemId> items = candidates(sessions, allowed);
    const auto target = std::lower_bound(items.begin(), items.end(), held_out.target);
    if (target == items.end() || *target != held_out.target) return false;
    items.erase(target);

    contest.length = task_.lengths.of(static_cast<double>(held_out.prefix.size()));
    contest.target = class_of(held_out.target);
    group_by_class(items, contest);
    items.push_back(held_out.target);
    score(sessions, items, contest);
    return true;
  }

 private:
  std::size_t class_of(ItemId item) const {
    return task_.events.empty() ? 0 : task_.counts.of(static_cast<double>(task_.events[item]));
  }

  /// Rising.
  std::vector<ItemId> candidates(std::span<const std::unique_ptr<EncodedSession>> sessions,
                                 const ItemSet& allowed) const {
    std::vector<ItemId> items;
    for (const auto& session : sessions) {
      if (!session || group_.size() <= kWholeGroup) continue;
      for (const ScoredItem& hit : session->top(kCandidatesPerPart, &allowed)) items.push_back(hit.item);
    }
    const std::size_t fill = group_.size() <= kWholeGroup ? group_.size() : kCompany;
    for (std::size_t i = 0; i < fill; ++i) {
      if (allowed.contains(group_[i])) items.push_back(group_[i]);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
  }

  void group_by_class(std::vector<ItemId>& items, BlendContest& contest) const {
    const std::size_t classes = task_.events.empty() ? 1 : task_.counts.size();
    contest.ends.assign(classes, 0);
    for (const ItemId item : items) ++contest.ends[class_of(item)];
    for (std::size_t c = 1; c < classes; ++c) contest.ends[c] += contest.ends[c - 1];
    if (classes > 1) {
      std::stable_sort(items.begin(), items.end(),
                       [this](ItemId a, ItemId b) { return class_of(a) < class_of(b); });
    }
  }

  /// items: the competitors, then the target.
  void score(std::span<const std::unique_ptr<EncodedSession>> sessions, std::span<const ItemId> items,
             BlendContest& contest) const {
    const std::size_t competitors = items.size() - 1;
    std::vector<double> raw(items.size());
    contest.target_z.assign(sessions.size(), 0);
    contest.ahead.assign(sessions.size() * competitors, 0);
    for (std::size_t m = 0; m < sessions.size(); ++m) {
      if (!sessions[m]) continue;  // knows nothing: level with all
      sessions[m]->score(items, raw);
      const ScoreMoments moments = sessions[m]->moments(ItemGroup::kSearchable);
      if (!(moments.deviation > 0)) continue;
      contest.target_z[m] = (raw.back() - moments.mean) / moments.deviation;
      for (std::size_t c = 0; c < competitors; ++c) {
        contest.ahead[m * competitors + c] = static_cast<float>((raw[c] - raw.back()) / moments.deviation);
      }
    }
  }

  const BlendFitTask& task_;
  std::vector<ItemId> group_;
};

}  // namespace

BlendContests make_contests(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress) {
  if (task.models.empty() || task.held_out.empty() || task.searchable == nullptr || task.max_sequences == 0) {
    throw std::invalid_argument("a blend is fitted on models and held-out sequences");
  }
  BlendContests made;
  made.models = task.models.size();
  made.lengths = std::max<std::size_t>(1, task.lengths.size());
  made.counts = task.events.empty() ? 1 : task.counts.size();
  made.sequences = std::min(task.held_out.size(), task.max_sequences);
  const ContestMaker maker(task);
  for (std::size_t first = 0; first < made.sequences; first += kSequencesPerReport) {
    std::vector<BlendContest> chunk(std::min(kSequencesPerReport, made.sequences - first));
    std::vector<char> kept(chunk.size());
    pool.run(chunk.size(), [&](std::size_t i) {
      chunk[i].sequence = first + i;
      const std::size_t s = (first + i) * task.held_out.size() / made.sequences;
      kept[i] = maker.make(task.held_out[s], chunk[i]);
    });
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (kept[i] != 0) made.contests.push_back(std::move(chunk[i]));
    }
    progress.update(static_cast<double>(first + chunk.size()), static_cast<double>(made.sequences));
    progress.check();
  }
  return made;
}

}  // namespace segue::index
