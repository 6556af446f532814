"""One file a job. A job blocks, reports, can be cancelled, and does not know who watches."""
