#include "index/reindex/plan.h"

#include <gtest/gtest.h>

#include "kernels/error.h"

namespace segue::index {
namespace {

TEST(TrainingPlan, OfTheDefaultConfigurationHasTheModelsOwnDefaults) {
  ReindexRequest request;
  request.seed = 1;
  const TrainingPlan plan = training_plan(request);
  EXPECT_EQ(plan.models,
            (std::vector<std::string>{"mf", "transformer", "transitions", "content", "rating",
                                      "item-neighbours", "user-neighbours", "session-neighbours"}));
  EXPECT_EQ(plan.mf, MfOptions());
  EXPECT_EQ(plan.transitions, TransitionOptions());
  EXPECT_EQ(plan.rating, RatingOptions());
  EXPECT_EQ(plan.item_neighbours, ItemNeighbourOptions());
  EXPECT_EQ(plan.user_neighbours, UserNeighbourOptions());
  EXPECT_EQ(plan.session_neighbours, SessionNeighbourOptions());
  const TransformerOptions standard;
  EXPECT_EQ(plan.transformer.config(), standard.config());
  EXPECT_EQ(plan.transformer.epochs, standard.epochs);
  EXPECT_EQ(plan.transformer.dropout, standard.dropout);
  EXPECT_EQ(plan.transformer.rate, standard.rate);
  EXPECT_EQ(plan.transformer.warm_up_steps, standard.warm_up_steps);
  EXPECT_EQ(plan.transformer.final_rate, standard.final_rate);
  EXPECT_EQ(plan.transformer.batch_sequences, standard.batch_sequences);
  EXPECT_EQ(plan.transformer.batch_positions, standard.batch_positions);
  EXPECT_EQ(plan.transformer.negatives, standard.negatives);
  EXPECT_EQ(plan.transformer.negative_power, standard.negative_power);
  EXPECT_EQ(plan.transformer.ppmi_start, standard.ppmi_start);
}

TEST(TrainingPlan, TakesTheModelsThatWereNamed) {
  ReindexRequest request;
  request.models = {"transitions", "content", "blend"};
  const TrainingPlan plan = training_plan(request);
  EXPECT_TRUE(plan.wants("transitions"));
  EXPECT_FALSE(plan.wants("transformer"));
  request.models = {"neighbours"};
  EXPECT_EQ(training_plan(request).models,
            (std::vector<std::string>{"item-neighbours", "user-neighbours", "session-neighbours"}));
  request.models = {"session-neighbours"};
  EXPECT_EQ(training_plan(request).models, request.models);
  request.models = {"tranformer"};
  try {
    training_plan(request);
    FAIL() << "a model that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("did you mean `transformer`?"), std::string::npos);
  }
}

TEST(TrainingPlan, TakesEveryConstantOfTheConfiguration) {
  ReindexRequest request;
  request.config.mf.factors = 8;
  request.config.transformer.width = 32;
  request.config.transitions.preset = "custom";
  request.config.transitions.decay = "geometric";
  request.config.transitions.decay_rate = 0.7;
  request.config.neighbours.max_items = 77;
  request.config.neighbours.item_decay = "linear";
  request.config.neighbours.item_decay_rate = 0.5;
  request.config.neighbours.user_voters = 33;
  request.config.neighbours.session_before_weight = 0.9;
  const TrainingPlan plan = training_plan(request);
  EXPECT_EQ(plan.item_neighbours.max_items, 77u);
  EXPECT_EQ(plan.user_neighbours.max_items, 77u);
  EXPECT_EQ(plan.session_neighbours.max_items, 77u);
  EXPECT_EQ(plan.item_neighbours.decay, HistoryDecay::kLinear);
  EXPECT_EQ(plan.item_neighbours.decay_rate, 0.5);
  EXPECT_EQ(plan.user_neighbours.voters, 33u);
  EXPECT_EQ(plan.session_neighbours.before_weight, 0.9);
  EXPECT_EQ(plan.mf.factors, 8u);
  EXPECT_EQ(plan.transformer.width, 32u);
  EXPECT_EQ(plan.transitions.decay, HistoryDecay::kGeometric);
  EXPECT_EQ(plan.transitions.decay_rate, 0.7);
}

}  // namespace
}  // namespace segue::index
