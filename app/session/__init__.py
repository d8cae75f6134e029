"""One visitor's work: choices, results, links and session files. No Streamlit, no views."""

from app.session.choices import Flip, Flips, Opened, Options, Preview
from app.session.link import (
    OWN,
    Link,
    digest_labels,
    explain_lack,
    make_link,
    read_link,
    write_link,
)
from app.session.node_measures import NodeMeasures
from app.session.session_file import (
    LARGEST_FILE,
    Session,
    SessionError,
    read_session,
    write_session,
)
from app.session.visits import MOST_UPLOADED, UPLOADS, VISITS, Uploads, Visits
from app.session.work import Work

__all__ = [
    "LARGEST_FILE",
    "MOST_UPLOADED",
    "OWN",
    "UPLOADS",
    "VISITS",
    "Flip",
    "Flips",
    "Link",
    "NodeMeasures",
    "Opened",
    "Options",
    "Preview",
    "Session",
    "SessionError",
    "Uploads",
    "Visits",
    "Work",
    "digest_labels",
    "explain_lack",
    "make_link",
    "read_link",
    "read_session",
    "write_link",
    "write_session",
]
