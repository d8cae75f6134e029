"""One visitor's work: choices, results, links and session files. No Streamlit, no views."""

from app.session.choices import CONTRACTS, Comparison, Flip, Flips, Opened, Options, Preview
from app.session.exports import Export
from app.session.link import (
    OWN,
    Link,
    digest_labels,
    explain_lack,
    make_link,
    read_link,
    write_link,
)
from app.session.load_tests import LoadTests
from app.session.node_measures import NodeMeasures
from app.session.runs import LONGEST_NAME, MOST_RUNS, Run
from app.session.server_paths import without_folder
from app.session.session_file import (
    LARGEST_FILE,
    Session,
    SessionError,
    read_session,
    write_session,
)
from app.session.visits import MOST_UPLOADED, UPLOADS, VISITS, Uploads, Visits
from app.session.vouchers import (
    ANSWERED,
    BY_HAND,
    REQUEST,
    Label,
    answer,
    bare,
    count_vouchers,
    is_person,
    name_answers,
    state_axis,
)
from app.session.work import Work

__all__ = [
    "ANSWERED",
    "BY_HAND",
    "CONTRACTS",
    "LARGEST_FILE",
    "LONGEST_NAME",
    "MOST_RUNS",
    "MOST_UPLOADED",
    "OWN",
    "REQUEST",
    "UPLOADS",
    "VISITS",
    "Comparison",
    "Export",
    "Flip",
    "Flips",
    "Label",
    "Link",
    "LoadTests",
    "NodeMeasures",
    "Opened",
    "Options",
    "Preview",
    "Run",
    "Session",
    "SessionError",
    "Uploads",
    "Visits",
    "Work",
    "answer",
    "bare",
    "count_vouchers",
    "digest_labels",
    "explain_lack",
    "is_person",
    "make_link",
    "name_answers",
    "read_link",
    "read_session",
    "state_axis",
    "without_folder",
    "write_link",
    "write_session",
]
