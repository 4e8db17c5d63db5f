#include "index/model/transformer_options.h"

#include <cmath>
#include <iomanip>
#include <limits>
#include <locale>
#include <sstream>

#include "kernels/error.h"

namespace segue::index {

TransformerConfig TransformerOptions::config() const {
  return {.width = width,
          .layers = layers,
          .heads = heads,
          .feed_forward = feed_forward,
          .window = window,
          .temperature = temperature,
          .form = form};
}

void TransformerOptions::validate() const {
  config().validate();
  const auto require = [](bool holds, const char* key, const char* rule) {
    if (!holds) throw Error(ErrorKind::kUsage, rule, std::string("transformer.") + key);
  };
  require(epochs > 0, "epochs", "is 0, which is for weights that come with --import");
  require(dropout >= 0 && dropout < 1, "dropout", "must be at least 0 and below 1");
  require(std::isfinite(rate) && rate > 0, "rate", "must be positive");
  require(final_rate >= 0 && final_rate <= 1, "final_rate", "must be from 0 to 1");
  require(batch_sequences > 0, "batch_sequences", "must be positive");
  require(batch_positions > 0, "batch_positions", "must be positive");
  require(negatives > 0, "negatives", "must be positive");
  if (!(context_dropout >= 0 && context_dropout < 1))
    throw Error(ErrorKind::kUsage, "must be at least 0 and below 1", "context.dropout");
  require(std::isfinite(negative_power) && negative_power >= 0, "negative_power", "must not be negative");
  require(shard_positions > 0, "shard_positions", "must be positive");
}

std::string to_text(const TransformerOptions& options) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << std::setprecision(std::numeric_limits<double>::max_digits10);
  const auto line = [&](const char* key, auto value) { text << key << '=' << value << '\n'; };
  line("width", options.width);
  line("layers", options.layers);
  line("heads", options.heads);
  line("feed_forward", options.feed_forward);
  line("window", options.window);
  line("temperature", options.temperature);
  // Not for our own: checkpoints of versions that knew no other go on.
  if (options.form != TransformerForm::kSegue) line("form", to_string(options.form));
  line("epochs", options.epochs);
  line("dropout", options.dropout);
  line("rate", options.rate);
  line("warm_up_steps", options.warm_up_steps);
  line("final_rate", options.final_rate);
  line("batch_sequences", options.batch_sequences);
  line("batch_positions", options.batch_positions);
  line("negatives", options.negatives);
  line("negative_power", options.negative_power);
  line("ppmi_start", options.ppmi_start);
  line("context_dropout", options.context_dropout);
  line("stop_after", options.stop_after);
  line("patience", options.patience);
  line("seed", options.seed);
  line("shard_positions", options.shard_positions);
  return text.str();
}

}  // namespace segue::index
