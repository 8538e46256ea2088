"""The example of a scan on several processes; needs the extra `distributed`."""
