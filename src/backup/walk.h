// walk: everything there is in a store, page by page, in an order in which it can be put into
// another one: users, groups, messages with what is said about them, queues, tokens, recordings.
#pragma once

#include "backup/opened.h"

namespace parley::backup {

class Visitor {
public:
    virtual ~Visitor() = default;
    /// What a store has to be asked to be given this thing. False ends the walk.
    virtual bool visit(const store::Question& question) = 0;
};

/// False if the visitor or the store ended it; then `error` has a sentence if it was the store.
bool walk(Opened& store, Visitor& visitor, std::string& error);

/// Visits every name of a sort. `visit` returns false to end.
template <class Visit>
Result<bool> for_each_name(Opened& store, store::List::What what, Visit visit) {
    store::List list{.what = what, .after = {}};
    for (bool more = true; more;) {
        PARLEY_TRY(const store::Names page, store.ask(list));
        for (const std::string& each : page.names) {
            PARLEY_TRY(const bool go_on, visit(each));
            if (!go_on) return false;
        }
        more = page.more;
        if (more) list.after = page.names.back();
    }
    return true;
}

}  // namespace parley::backup
