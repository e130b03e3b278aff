"""What people come to do, one folder a kind of work; every door of the house (web, cli, worker) leads here."""
