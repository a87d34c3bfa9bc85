"""Django's PostgreSQL with a pool that lets go of everything at once when a connection turns out to be broken."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """A server that was started again broke every connection, not the one that is looked at.

    The pool's own check (`CONN_HEALTH_CHECKS`, which is to be off) waits a second after the first that is broken, two
    after the next, and so on: with four of them idle nobody was served for five seconds.
    """

    # What Django's types do not know.
    Database: Any
    pool: Any

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One that works. Raises the driver's OperationalError where there is none in time."""
        connection = super().get_new_connection(conn_params)
        if self.pool is None:
            return connection
        try:
            ConnectionPool.check_connection(connection)
        except self.Database.Error:
            self.pool.putconn(connection)
            self.pool.drain()
            return super().get_new_connection(conn_params)
        return connection
