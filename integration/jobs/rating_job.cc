#include "integration/jobs/rating_job.h"

#include <limits>
#include <optional>

#include "index/input/events_reader.h"
#include "index/input/fold.h"
#include "index/model/rating_error.h"
#include "index/model/rating_model.h"
#include "index/reindex/sequence_digest.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

constexpr std::size_t kEventsBetweenChecks = 16384;

const index::RatingModel& model_of(const index::Snapshot& snapshot) {
  const auto* model = dynamic_cast<const index::RatingModel*>(snapshot.model("rating"));
  if (model != nullptr) return *model;
  throw Error(ErrorKind::kBadInput, "this store has no model of ratings, so they cannot be predicted",
              "--protocol rating",
              "run `segue reindex` on events with a \"rating\", with rating among the --models");
}

/// Errors summed up, for all rated events or for marked ones.
struct Sums {
  index::RatingErrorSum errors;
  std::size_t unknown_users = 0;
  std::size_t unknown_items = 0;
  std::size_t trained = 0;
};

/// What the models were trained on; finds nothing in a snapshot without that list.
class Trained {
 public:
  Trained(const index::Snapshot& snapshot, const index::SnapshotStore& store) {
    const std::string name(index::TrainedSequences::kFile);
    if (snapshot.manifest().files.contains(name))
      sequences_ = index::TrainedSequences::open(store.path_of(snapshot.id()) / name);
  }
  bool contains(const index::Event& event) const {
    if (!sequences_) return false;
    const double time = event.time.value_or(std::numeric_limits<double>::quiet_NaN());
    for (const std::string& owner : {event.session, event.user}) {
      if (!owner.empty() && sequences_->contains(index::event_digest(owner, time, event.item))) return true;
    }
    return false;
  }

 private:
  std::optional<index::TrainedSequences> sequences_;
};

}  // namespace

RatingReport evaluate_ratings(const index::Snapshot& snapshot, const index::SnapshotStore& store,
                              const RatingRequest& request, index::Progress& progress) {
  const index::RatingModel& model = model_of(snapshot);
  const index::RatingFactorization& ratings = model.factorization();
  const index::Catalogue& catalogue = snapshot.catalogue();
  const Trained trained(snapshot, store);
  progress.phase("ratings");
  index::EventsReader reader(request.events, {.skip_invalid = request.skip_invalid});
  Sums all;
  Sums marked;
  bool marks = false;
  index::Event event;
  while (reader.next(event)) {
    if (reader.report().events % kEventsBetweenChecks == 0) {
      progress.update(static_cast<double>(reader.consumed()), static_cast<double>(reader.size()));
      progress.check();
    }
    marks |= event.target;
    if (!event.rating) continue;
    const index::ItemId item =
        event.item.empty() ? catalogue.find_query(index::fold(event.query)) : catalogue.find(event.item);
    const auto user = ratings.find_user(event.user.empty() ? event.session : event.user);
    Sums& sums = event.target ? marked : all;
    sums.errors.add(*event.rating - ratings.predict(user, item));
    sums.unknown_users += user ? 0 : 1;
    sums.unknown_items += model.knows(item) ? 0 : 1;
    sums.trained += trained.contains(event) ? 1 : 0;
  }

  const Sums& sums = marks ? marked : all;
  const index::RatingError error = sums.errors.mean();
  if (error.events == 0) {
    throw Error(ErrorKind::kBadInput,
                marks ? "no event that is marked as a target has a rating" : "no event has a rating",
                request.events.string(), "the protocol rating predicts the \"rating\" of events");
  }
  RatingReport report;
  report.snapshot = snapshot.id();
  report.events = error.events;
  report.rmse = error.rmse;
  report.mae = error.mae;
  report.unknown_users = sums.unknown_users;
  report.unknown_items = sums.unknown_items;
  report.warnings = reader.report().warnings();
  if (sums.trained > 0) {
    report.warnings.push_back(
        "the store was trained on " + std::to_string(sums.trained) + " of the " +
        std::to_string(error.events) +
        " ratings, so the figures are too good; `segue split --protocol rating` parts a log");
  }
  return report;
}

}  // namespace segue::integration
