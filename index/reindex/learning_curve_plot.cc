#include "index/reindex/learning_curve_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

namespace segue::index {
namespace {

// Lengths are in pixels, y grows downwards.
constexpr double kWidth = 920;
constexpr double kRowHeight = 330;
constexpr double kPanelWidth = 370;
constexpr double kPanelHeight = 210;
constexpr double kPanelTop = 66;
constexpr std::array<double, 2> kPanelLeft = {66, 526};
// Two hues that people who confuse red and green tell apart (Okabe and Ito), then two more.
constexpr std::array<std::string_view, 4> kInks = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

struct Spot {
  double x, y;
};
using Line = std::vector<Spot>;

std::string number(double value, const char* format = "%.1f") {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

struct TextStyle {
  std::string_view anchor = "start";
  std::string_view ink = "#444";
  bool bold = false;
};

std::string text_at(Spot at, std::string_view text, TextStyle style = {}) {
  return "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\" text-anchor=\"" +
         std::string(style.anchor) + "\" fill=\"" + std::string(style.ink) + "\"" +
         (style.bold ? " font-weight=\"bold\" font-size=\"15\"" : "") + ">" + escaped(text) + "</text>\n";
}

std::string line_between(Spot a, Spot b, std::string_view ink) {
  return "<line x1=\"" + number(a.x) + "\" y1=\"" + number(a.y) + "\" x2=\"" + number(b.x) + "\" y2=\"" +
         number(b.y) + "\" stroke=\"" + std::string(ink) + "\"/>\n";
}

/// A scale whose ticks are 1, 2 or 5 times a power of ten apart and which holds all values.
struct Scale {
  Scale(double least, double most, std::size_t ticks_wanted, bool whole) {
    const double spread = most > least ? most - least : std::max(std::abs(most) / 10, 1e-3);
    const double power = std::pow(10, std::floor(std::log10(spread / static_cast<double>(ticks_wanted))));
    step = power;
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
      step = power * factor;
      if (spread / step <= static_cast<double>(ticks_wanted)) break;
    }
    if (whole) step = std::max(1.0, step);
    low = std::floor(least / step) * step;
    high = std::max(std::ceil(most / step) * step, low + step);
    digits = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 9);
  }
  double share(double value) const { return (value - low) / (high - low); }
  std::string label(double value) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
  }

  double low = 0, high = 1, step = 1;
  int digits = 0;
};

/// The curves of one model.
struct Group {
  std::string name;
  std::vector<const LearningCurve*> curves;
};

std::vector<Group> grouped(std::span<const LearningCurve> curves) {
  std::vector<Group> groups;
  for (const LearningCurve& curve : curves) {
    const std::string name = curve.model.substr(0, curve.model.find(" ("));
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.name == name; });
    if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
    group->curves.push_back(&curve);
  }
  return groups;
}

Line line_of(const LearningCurve& curve, std::size_t panel) {
  Line line;
  for (const LearningPoint& point : curve.points) {
    const std::optional<double> y = panel == 0 ? std::optional(point.loss) : point.validation;
    if (y && std::isfinite(*y)) line.push_back({static_cast<double>(point.epoch), *y});
  }
  return line;
}

std::string axes(Spot corner, const Scale& x, const Scale& y) {
  std::string svg;
  const double bottom = corner.y + kPanelHeight;
  for (double tick = y.low; tick <= y.high + y.step / 2; tick += y.step) {
    const double at = bottom - y.share(tick) * kPanelHeight;
    svg += line_between({corner.x, at}, {corner.x + kPanelWidth, at}, "#e4e4e4");
    svg += text_at({corner.x - 8, at + 4}, y.label(tick), {"end"});
  }
  for (double tick = x.low; tick <= x.high + x.step / 2; tick += x.step) {
    svg += text_at({corner.x + x.share(tick) * kPanelWidth, bottom + 18}, x.label(tick), {"middle"});
  }
  svg += line_between({corner.x, bottom}, {corner.x + kPanelWidth, bottom}, "#888");
  return svg + text_at({corner.x + kPanelWidth / 2, bottom + 38}, "epoch", {"middle"});
}

std::string panel_of(const Group& group, std::size_t panel, Spot corner) {
  std::string svg = text_at({corner.x, corner.y - 12},
                            panel == 0 ? "loss" : "validation, " + group.curves.front()->measure);
  std::vector<Line> lines;
  Spot least{1e300, 1e300}, most{-1e300, -1e300};
  for (const LearningCurve* curve : group.curves) {
    for (const Spot& spot : lines.emplace_back(line_of(*curve, panel))) {
      least = {std::min(least.x, spot.x), std::min(least.y, spot.y)};
      most = {std::max(most.x, spot.x), std::max(most.y, spot.y)};
    }
  }
  if (least.x > most.x) {
    return svg + text_at({corner.x + kPanelWidth / 2, corner.y + kPanelHeight / 2}, "nothing was measured",
                         {"middle", "#888"});
  }
  const Scale x(least.x, most.x, 8, true);
  const Scale y(least.y, most.y, 6, false);
  svg += axes(corner, x, y);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string ink(kInks[i % kInks.size()]);
    std::string path, dots;
    for (const Spot& spot : lines[i]) {
      const std::string left = number(corner.x + x.share(spot.x) * kPanelWidth);
      const std::string top = number(corner.y + (1 - y.share(spot.y)) * kPanelHeight);
      path += (path.empty() ? "M" : " L") + left + ' ' + top;
      dots += "<circle cx=\"" + left + "\" cy=\"" + top + "\" r=\"2.5\" fill=\"" + ink + "\"/>\n";
    }
    if (path.empty()) continue;
    svg += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + ink + "\" stroke-width=\"2\"/>\n" + dots;
  }
  return svg;
}

std::string legend(const Group& group, double top) {
  std::string svg = text_at({kPanelLeft[0], top}, group.name, {"start", "#111", true});
  double left = kPanelLeft[0] + 14 + 9 * static_cast<double>(group.name.size());
  for (std::size_t i = 0; i < group.curves.size(); ++i) {
    const std::string& model = group.curves[i]->model;
    // What sets the line apart from the model's others.
    std::string label = model == group.name ? "for validation" : model.substr(group.name.size() + 2);
    if (label.ends_with(')')) label.pop_back();
    svg += "<rect x=\"" + number(left) + "\" y=\"" + number(top - 7) +
           "\" width=\"18\" height=\"4\" fill=\"" + std::string(kInks[i % kInks.size()]) + "\"/>\n" +
           text_at({left + 24, top}, label);
    left += 50 + 7 * static_cast<double>(label.size());
  }
  return svg;
}

}  // namespace

std::string learning_curves_svg(std::span<const LearningCurve> curves) {
  const std::vector<Group> groups = grouped(curves);
  const double height = kRowHeight * static_cast<double>(std::max<std::size_t>(1, groups.size()));
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth, "%.0f") +
                    "\" height=\"" + number(height, "%.0f") +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  if (groups.empty()) svg += text_at({kWidth / 2, height / 2}, "no model learned step by step", {"middle"});
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double top = kRowHeight * static_cast<double>(g);
    svg += legend(groups[g], top + 24);
    for (std::size_t panel = 0; panel < kPanelLeft.size(); ++panel)
      svg += panel_of(groups[g], panel, {kPanelLeft[panel], top + kPanelTop});
  }
  return svg + "</svg>\n";
}

}  // namespace segue::index
