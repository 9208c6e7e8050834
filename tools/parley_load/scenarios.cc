// The scenarios by name.
#include "parley_load/scenarios.h"

namespace parley::load {

std::string_view name_of(ScenarioName scenario) noexcept {
    switch (scenario) {
        case ScenarioName::fanout:
            return "fanout";
        case ScenarioName::ptt:
            return "ptt";
        case ScenarioName::idle:
            return "idle";
        case ScenarioName::churn:
            return "churn";
        case ScenarioName::chat:
            return "chat";
    }
    return {};
}

std::unique_ptr<Scenario> make_scenario(const Options& options) {
    switch (options.scenario) {
        case ScenarioName::fanout:
            return make_fanout();
        case ScenarioName::ptt:
            return make_ptt();
        case ScenarioName::idle:
            return make_idle();
        case ScenarioName::churn:
            return make_churn();
        case ScenarioName::chat:
            return make_chat();
    }
    return nullptr;
}

}  // namespace parley::load
